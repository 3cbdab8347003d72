"""A host in steps: each kind of result goes where it belongs, a moment at a time or all at once."""

from __future__ import annotations

import pytest

from foveate_shared.errors import ErrorCode, InputError, ServerError
from foveate_shared.geometry import Extent
from foveate_shared.jobs.host import (
    Image,
    ItemReport,
    Result,
    ResultFile,
    ResultPatch,
    StepwiseHost,
    TellingHost,
    takes,
)
from foveate_shared.jobs.in_steps import InSteps, NewImageInSteps, to_end
from foveate_shared.pixels import COVERAGE_U8

EXTENT = Extent(1, 1)
DRAWING = Image(EXTENT, b"x", COVERAGE_U8)
PATCH = ResultPatch(EXTENT.bounds, DRAWING, None)


class Doing(InSteps):
    """Writes down what it does."""

    unchanged = True

    def __init__(self, folder=None):
        super().__init__("Job", folder)
        self.done = []

    def compared(self):
        yield
        return self.unchanged

    def draw(self, image):
        return f"picture of {bytes(image.data)}"

    def select(self, result):
        self.done.append("selected")

    def open_image(self, result):
        yield
        self.done.append("opened")

    def add_layer(self, result, *, check):
        yield
        self.done.append(f"added, checked: {check}")


class Document(Doing):
    """A whole host."""

    def freeze(self): ...

    def read_pixels(self, bounds, extent): ...

    read_coverage = read_pixels

    def release(self): ...


class NewImage(NewImageInSteps):
    def __init__(self):
        super().__init__("Job", None)
        self.done = []

    draw, open_image = Doing.draw, Doing.open_image


def made(*patches, frame="document", **parts):
    return Result(frame, EXTENT, patches, (), **parts)


@pytest.mark.parametrize(
    ("result", "done"),
    [
        (made(kind="selection"), ["selected"]),
        (made(PATCH, frame="new"), ["opened"]),
        (made(PATCH), ["added, checked: False"]),
        (made(), []),
        (made(frame="new"), []),
    ],
)
def test_a_result_goes_where_its_kind_belongs(result, done):
    host = Document()
    host.apply(result)
    assert host.done == done
    assert host.told == ()


def test_a_report_is_told_and_drawn_and_files_are_written(tmp_path):
    host = Document(tmp_path)
    host.apply(made(kind="report", reports=(ItemReport({"faces": 2}, DRAWING),)))
    assert (host.told, host.after) == (("faces: 2",), "picture of b'x'")
    host.apply(made(kind="report", reports=(ItemReport({}, None),)))
    assert host.after is None
    host.apply(made(kind="files", files=(ResultFile("a.txt", "text/plain", b"a"),)))
    assert (tmp_path / "Job/a.txt").read_bytes() == b"a"
    assert host.done == []


def test_a_check_comes_first_and_leaves_a_changed_document_alone():
    host = Document()
    steps = host.steps(made(PATCH), check=True)
    next(steps)
    next(steps)
    assert host.done == []  # both steps were on the way there
    assert list(steps) == []
    assert host.done == ["added, checked: True"]
    host.unchanged = False
    with pytest.raises(InputError) as caught:
        to_end(host.steps(made(PATCH), check=True))
    assert caught.value.info.code is ErrorCode.CONFLICT
    assert not host.is_unchanged()
    assert len(host.done) == 1


def test_it_is_a_host_that_works_in_steps_and_tells():
    assert isinstance(Document(), StepwiseHost)
    assert isinstance(Document(), TellingHost)


def test_without_a_document_all_becomes_new_images():
    host = NewImage()
    to_end(host.steps(made(PATCH, frame="new"), check=True))
    assert host.done == ["opened"]
    assert (host.is_unchanged(), host.take_picture()) == (True, False)
    assert host.preview(made(PATCH, frame="new")) == "picture of b'x'"
    assert host.preview(made(frame="new")) is None
    assert host.preview(made(kind="report", reports=(ItemReport({}, DRAWING),))) == "picture of b'x'"
    assert [takes(each, "selection") for each in (Document(), host)] == [True, False]
    for result in (made(kind="selection"), made(PATCH)):
        with pytest.raises(ServerError):
            host.apply(result)
    assert host.done == ["opened"]


def test_work_in_steps_can_be_done_at_once():
    def work():
        yield
        yield
        return 7

    assert to_end(work()) == 7
