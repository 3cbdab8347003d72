"""What a running item says goes out at a bearable rate, and a cancel gets in."""

import io
import uuid
from threading import Event

import numpy as np
import pytest

from foveate_server.operations.contract import Item, JobRequest
from foveate_server.tasks.item_task import Task, TaskNote, TaskPatch, TaskPreview, TaskProgress, TaskReadiness
from foveate_server.tasks.messages import Alive, decode_report
from foveate_server.worker import context as context_module
from foveate_server.worker.channel import Channel
from foveate_server.worker.context import WorkerContext
from foveate_shared.errors import CancelledJobError
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.pixels import Channels, PixelFormat, SampleType


class Clock:
    """Stands in for the time module."""

    def __init__(self):
        self.now = 100.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(context_module, "time", clock)
    return clock


@pytest.fixture
def cancelled():
    return Event()


@pytest.fixture
def pipe():
    return io.BytesIO()


@pytest.fixture
def context(tmp_path, pipe, cancelled, clock):
    pixel_format = PixelFormat(SampleType.U8, Channels.RGB)
    request = JobRequest("any", {}, Extent(9, 9), pixel_format, "srgb", None, None)
    task = Task(str(uuid.uuid4()), request, Item("item", "stage", ()), {}, tmp_path)
    return WorkerContext(task, Channel(io.BytesIO(), pipe), cancelled, 1.0, lambda: False)


def _reports(pipe):
    return [decode_report(line) for line in pipe.getvalue().splitlines()]


def test_signs_of_life_are_rare(context, pipe, clock):
    for _ in range(100):
        context.check()
        clock.now += 0.03
    assert _reports(pipe) == [Alive()] * 3


def test_progress_comes_20_times_a_second_and_new_stages_at_once(context, pipe, clock):
    for step in range(100):
        context.progress("restoring", step / 100, step, 100)
        clock.now += 0.01
    context.progress("blending", 2.0)
    progress = [report for report in _reports(pipe) if isinstance(report, TaskProgress)]
    assert 15 <= len(progress) <= 21
    assert progress[0] == TaskProgress("restoring", 0.0, 0, 100)
    assert progress[-1] == TaskProgress("blending", 1.0, 0, 0)  # never more than all of it


def test_a_cancel_ends_the_next_check_and_lets_no_patch_out(context, pipe, cancelled, tmp_path):
    cancelled.set()
    for action in (
        context.check,
        lambda: context.progress("restoring", 0.5),
        lambda: context.patch(Bounds(0, 0, 1, 1), b"rgb", None),
    ):
        with pytest.raises(CancelledJobError):
            action()
    assert _reports(pipe) == []
    assert list(tmp_path.iterdir()) == []


def test_previews_are_thinned_out_in_time_and_size(context, pipe, clock):
    large = np.arange(2000 * 1000 * 3, dtype=np.uint32).reshape(1000, 2000, 3).astype(np.uint8)
    bounds = Bounds(0, 0, 2000, 1000)
    context.preview(bounds, large)
    context.preview(bounds, large)  # too soon
    clock.now += 1
    context.preview(Bounds(0, 0, 2, 1), large[:1, :2])
    first, second = _reports(pipe)
    assert first == TaskPreview(bounds, Extent(667, 334), np.ascontiguousarray(large[::3, ::3]).tobytes())
    assert second == TaskPreview(Bounds(0, 0, 2, 1), Extent(2, 1), large[:1, :2].tobytes())


@pytest.mark.parametrize("weight", [0, -1.0, float("inf"), float("nan")])
def test_a_weight_that_would_break_the_progress_does_not_go_out(context, pipe, weight):
    with pytest.raises(ValueError, match="weighs more than nothing"):
        context.weigh(weight)
    assert _reports(pipe) == []


def test_notes_and_patches_go_out(context, pipe):
    context.note("Tiles of 64 pixels are used.")
    context.patch(Bounds(1, 2, 1, 1), b"rgb", b"c")
    note, _, patch = _reports(pipe)
    assert note == TaskNote("Tiles of 64 pixels are used.")
    assert isinstance(patch, TaskPatch)
    assert patch.bounds == Bounds(1, 2, 1, 1)
    assert patch.pixels.read_bytes() == b"rgb"
    assert patch.coverage.read_bytes() == b"c"


def test_getting_ready_is_told_at_once_and_can_be_cancelled(context, pipe, cancelled):
    context.progress("Looking for faces", 0.5)
    context.get_ready("Loading sd15", 8.5)
    assert _reports(pipe)[-1] == TaskReadiness("Loading sd15", 8.5)
    cancelled.set()
    with pytest.raises(CancelledJobError):
        context.get_ready("Loading sd15", 8.5)
