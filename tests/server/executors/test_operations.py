"""The server's own operations through worker processes, planned and answered as the server and a client would."""

import asyncio
import contextlib
import os
import uuid

import numpy as np
import pytest

from foveate_server.config.server_config import load_config
from foveate_server.engines.deterministic.engine import FACE_COLOR, deterministic_spec
from foveate_server.engines.engine_specs import suite_spec
from foveate_server.executors.local import LocalExecutor
from foveate_server.operations.contract import JobRequest
from foveate_server.operations.registry import operations
from foveate_server.tasks.item_task import Task, TaskPatch, TaskProgress, WindowFile
from foveate_shared.errors import CancelledJobError
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.pixels import Channels, PixelFormat, SampleType
from foveate_shared.wire.protocol import Selection

RGB = PixelFormat(SampleType.U8, Channels.RGB)


def _document(width, height):
    """Draw something soft, so that there is something to restore."""
    rows, columns = np.indices((height, width))
    waves = 0.5 + 0.2 * np.sin(columns / 9) * np.cos(rows / 7)
    return np.repeat((waves * 255).astype(np.uint8)[..., np.newaxis], 3, axis=2)


def plan_of(request):
    operation = operations()[request.operation]
    return operation.plan(request, operation.parameters.parse(request.parameters))


def _request(operation, document, parameters=None, selection=None):
    extent = Extent(document.shape[1], document.shape[0])
    return JobRequest(operation, parameters or {}, extent, RGB, "srgb", None, selection)


@pytest.fixture
def task_of(tmp_path):
    """Make the task of an item, its windows cut out of `document` at full size."""

    def make(request, item, document):
        folder = tmp_path / uuid.uuid4().hex
        output = folder / "out"
        output.mkdir(parents=True)
        windows = {}
        for wanted in item.windows:
            area = wanted.bounds
            path = folder / f"{len(windows)}.pixels"
            path.write_bytes(document[area.y : area.bottom, area.x : area.right].tobytes())
            windows[wanted.id] = WindowFile(area, area.extent, path, None, None)
        return Task(str(uuid.uuid4()), request, item, windows, output)

    return make


@contextlib.asynccontextmanager
async def started(spec):
    executor = LocalExecutor(spec)
    await executor.start()
    try:
        yield executor
    finally:
        await executor.stop()


@pytest.fixture(scope="module")
async def stand_in():
    """An executor with the deterministic engine."""
    async with started(deterministic_spec()) as executor:
        yield executor


@pytest.fixture(scope="module")
async def real():
    """An executor with real networks on the processor."""
    async with started(suite_spec(load_config(environment=os.environ, flags={"device": "cpu"}))) as executor:
        yield executor


@pytest.fixture
def run_job(task_of, stand_in):
    """Run all items of a job; give the results by item, and the patches."""

    async def run(request, document):
        waiting = list(plan_of(request).items)
        results, patches = {}, []
        while waiting:
            item = waiting.pop(0)
            events = []
            results[item.id] = await stand_in.run(task_of(request, item, document), events.append)
            patches += [event for event in events if isinstance(event, TaskPatch)]
            waiting += results[item.id].next_items
        return results, patches

    return run


def _patch_pixels(patch):
    return np.frombuffer(patch.pixels.read_bytes(), np.uint8).reshape(patch.bounds.height, patch.bounds.width, 3)


async def test_refocus_patches_the_selection_alone(run_job):
    document = _document(160, 120)
    region = Bounds(40, 30, 60, 50)
    results, patches = await run_job(_request("refocus", document, {"strength": 1.0}, Selection(region)), document)
    assert [result.outcome.status for result in results.values()] == ["done"]
    (patch,) = patches
    assert region.contains(patch.bounds)
    area = patch.bounds
    assert (_patch_pixels(patch) != document[area.y : area.bottom, area.x : area.right]).any()


async def test_upscale_gives_a_new_image_without_gaps(run_job):
    document = _document(50, 40)
    results, patches = await run_job(_request("upscale", document, {"scale": 2, "target": "new"}), document)
    assert {result.outcome.status for result in results.values()} == {"done"}
    assert sum(patch.bounds.area for patch in patches) == 100 * 80
    assert all(result.recipe["model"] for result in results.values())


async def test_faces_are_found_and_become_items_of_their_own(run_job):
    document = _document(400, 300)
    rows, columns = np.indices(document.shape[:2])
    color = (np.array(FACE_COLOR) * 255).astype(np.uint8)
    for x, y in ((100, 120), (280, 150)):
        document[(columns - x) ** 2 + (rows - y) ** 2 <= 30**2] = color
    detected, patches = await run_job(_request("detect", document, {"min_score": 0.5}), document)
    boxes = [face["box"] for result in detected.values() for face in result.outcome.data.get("faces", [])]
    assert np.allclose(boxes, [[70, 90, 61, 61], [250, 120, 61, 61]], atol=2)
    assert patches == []
    results, _ = await run_job(_request("faces", document, {"min_score": 0.5, "strength": 1.0}), document)
    numbers = [result.outcome.data["number"] for result in results.values() if "number" in result.outcome.data]
    assert numbers == [1, 2]
    assert {result.outcome.status for result in results.values()} <= {"done", "kept"}


@pytest.mark.weights
async def test_a_real_network_on_the_cpu_is_free_soon_after_a_cancel(task_of, listen, real):
    document = _document(512, 512)
    request = _request("upscale", document, {"scale": 4, "target": "new"})
    (item, *_) = plan_of(request).items

    pids, listener, task = real.pids, listen(), task_of(request, item, document)
    run = asyncio.create_task(real.run(task, listener))
    await listener.progress.wait()
    real.cancel(task.key)
    with pytest.raises(CancelledJobError):
        await run
    assert pids == real.pids  # it listened: it did not have to be replaced
    assert listener.of(TaskProgress)


@pytest.mark.weights
async def test_a_large_upscale_with_real_weights_is_the_same_to_the_bit_after_others_ran_in_its_midst(
    task_of, listen, real
):
    large, small = _document(320, 200), _document(48, 48)
    request = _request("upscale", large, {"model": "realesr-animevideov3"})
    refocus = _request("refocus", small, {"model": "realesr-animevideov3", "strength": 1.0})
    (item,), (small_item,) = plan_of(request).items, plan_of(refocus).items

    alone, visited, ended = listen(), listen(), []
    await real.run(task_of(request, item, large), alone)
    host = task_of(request, item, large)
    run = asyncio.create_task(real.run(host, visited))
    run.add_done_callback(lambda _: ended.append("large"))
    await visited.progress.wait()
    for _ in range(2):
        await real.run(task_of(refocus, small_item, small), listen(), host.key)
        ended.append("small")
    await run
    assert ended == ["small", "small", "large"]
    (expected,), (patch,) = alone.of(TaskPatch), visited.of(TaskPatch)
    assert np.array_equal(_patch_pixels(patch), _patch_pixels(expected))
