"""Tasks through real worker processes: their results, their endings, and what a cancel does."""

import asyncio
import dataclasses
from dataclasses import replace

import numpy as np
import pytest

from foveate_server.engines.contract import EngineSpec
from foveate_server.engines.deterministic.engine import Failure, create, deterministic_spec
from foveate_server.engines.values import Pinned
from foveate_server.executors.local import LocalExecutor, default_patience
from foveate_server.executors.worker_slot import WorkerTimeouts
from foveate_server.imaging import samples
from foveate_server.tasks.item_task import TaskBegan, TaskNote, TaskPatch, TaskPreview, TaskProgress, TaskReadiness
from foveate_shared.errors import CancelledJobError, ErrorCode, InputError, ResourceError, ServerError
from foveate_shared.geometry import Bounds
from foveate_shared.pixels import Channels, PixelFormat, SampleType


class _Silent:
    def check(self):
        pass

    def give_way(self):
        return False

    def progress(self, *_):
        pass

    def note(self, _):
        pass


async def _refused(executor, task, listener, error_class):
    with pytest.raises(error_class) as caught:
        await executor.run(task, listener)
    return caught.value.info


async def test_a_task_gives_its_result_and_its_files(executing, make_task, listen, photo):
    coverage = np.arange(30 * 40, dtype=np.uint32).reshape(30, 40).astype(np.uint8)

    listener = listen()
    async with executing() as executor:
        task = make_task(coverage=coverage)
        result, capacity = await executor.run(task, listener), executor.capacity
    expected = create({}).upscale(
        (photo / np.float32(255)).astype(np.float32), None, exact=False, pinned=Pinned(), ticker=_Silent()
    )
    (patch,) = listener.of(TaskPatch)
    assert capacity == 1
    assert result.outcome.status == "done"
    assert result.recipe == {"model": expected.model}
    assert result.next_items[0].windows[0].bounds == Bounds(0, 0, 40, 30)
    assert patch.bounds == Bounds(0, 0, 160, 120)
    assert patch.pixels.read_bytes() == samples.encode(expected.image, None, task.request.format)
    assert patch.coverage.read_bytes() == coverage.repeat(4, 0).repeat(4, 1).tobytes()
    assert patch.coverage_format == PixelFormat(SampleType.U8, Channels.Y)
    assert sorted(task.output.iterdir()) == sorted([patch.pixels, patch.coverage])  # no temporary file is left
    assert [note.text for note in listener.of(TaskNote)] == ["It begins."]
    assert listener.of(TaskProgress)[0].fraction == 0
    (preview,) = listener.of(TaskPreview)
    assert len(preview.pixels) == preview.extent.area * 3


async def test_the_first_task_says_that_the_engine_is_started(executing, make_task, listen):
    first, second = listen(), listen()
    async with executing(dataclasses.replace(deterministic_spec(), start_seconds=2.5)) as executor:
        task = make_task()
        await executor.run(task, first)
        await executor.run(make_task(), second)
    assert first.events[:2] == [TaskBegan(task.key), TaskReadiness("Getting ready", 2.5)]
    assert not second.of(TaskReadiness)


async def test_float_coverage_keeps_its_type(executing, make_task, listen):
    coverage = np.linspace(0, 1, 1200, dtype=np.float32).reshape(30, 40)

    listener = listen()
    task = make_task(coverage=coverage)
    format_f32 = PixelFormat(SampleType.F32, Channels.Y)
    window = dataclasses.replace(task.windows["all"], coverage_format=format_f32)
    async with executing() as executor:
        await executor.run(dataclasses.replace(task, windows={"all": window}), listener)
    patch = listener.of(TaskPatch)[0]
    assert patch.coverage_format == PixelFormat(SampleType.F32, Channels.Y)
    assert patch.coverage.read_bytes() == coverage.repeat(4, 0).repeat(4, 1).tobytes()


async def test_one_process_serves_many_tasks(executing, make_task, listen):
    async with executing() as executor:
        tasks = [make_task() for _ in range(3)]
        results = await asyncio.gather(*(executor.run(task, listen()) for task in tasks))
        used, pids = {result.outcome.data["pid"] for result in results}, executor.pids
    assert used == set(pids)


async def test_two_devices_run_two_tasks_at_once(executing, make_task, listen):
    first, second = listen(), listen()
    async with executing(devices=("cpu", "cpu"), block_seconds=60) as executor:
        tasks = [make_task(), make_task()]
        runs = [
            asyncio.create_task(executor.run(task, listener))
            for task, listener in zip(tasks, (first, second), strict=True)
        ]
        await first.progress.wait()
        await second.progress.wait()
        for task in tasks:
            executor.cancel(task.key)
        capacity, ends = executor.capacity, await asyncio.gather(*runs, return_exceptions=True)
    assert capacity == 2
    assert [type(end) for end in ends] == [CancelledJobError, CancelledJobError]


async def test_a_task_key_is_given_once(executing, make_task, listen):
    listener = listen()
    async with executing(block_seconds=60) as executor:
        task = make_task()
        run = asyncio.create_task(executor.run(task, listener))
        await listener.progress.wait()
        with pytest.raises(ValueError, match="runs already"):
            await executor.run(task, listener)
        executor.cancel(task.key)
        with pytest.raises(CancelledJobError):
            await run


# --- cancelling ------------------------------------------------------------------------------------------------------


async def test_a_cancel_frees_the_worker_and_keeps_it(executing, make_task, listen):
    listener = listen()
    async with executing(block_seconds=60) as executor:
        (before,) = executor.pids
        task = make_task()
        run = asyncio.create_task(executor.run(task, listener))
        await listener.progress.wait()
        executor.cancel(task.key)
        executor.cancel(task.key)  # twice changes nothing
        with pytest.raises(CancelledJobError):
            await run
        executor.cancel(task.key)  # too late changes nothing
        after = executor.pids
    assert after == (before,)


async def test_a_worker_that_ignores_a_cancel_is_replaced(executing, make_task, listen, tmp_path):
    listener = listen()
    marker = tmp_path / "once"
    marker.touch()
    patience = WorkerTimeouts(cancel=0.2)
    async with executing(patience=patience, failure=Failure.DEAF, marker=marker) as executor:
        (before,) = executor.pids
        task = make_task()
        run = asyncio.create_task(executor.run(task, listener))
        await listener.progress.wait()
        executor.cancel(task.key)
        with pytest.raises(CancelledJobError):
            await run
        result = await executor.run(make_task(), listen())
    assert result.outcome.data["pid"] != before


async def test_a_waiting_task_can_be_cancelled(executing, make_task, listen):
    listener, unheard = listen(), listen()
    async with executing(block_seconds=60) as executor:
        first, second = make_task(), make_task()
        runs = [asyncio.create_task(executor.run(first, listener))]
        await listener.progress.wait()
        runs.append(asyncio.create_task(executor.run(second, unheard)))
        await asyncio.wait(runs, timeout=0)  # lets the second one take its place in the queue
        executor.cancel(second.key)
        executor.cancel(first.key)
        events, ends = unheard.events, await asyncio.gather(*runs, return_exceptions=True)
    assert events == []
    assert [type(end) for end in ends] == [CancelledJobError, CancelledJobError]


async def test_giving_up_waiting_frees_the_place(executing, make_task, listen):
    listener = listen()
    async with executing(block_seconds=0.5) as executor:
        (before,) = executor.pids
        run = asyncio.create_task(executor.run(make_task(), listener))
        await listener.progress.wait()
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)
        result = await executor.run(make_task(), listen())
    assert result.outcome.data["pid"] != before


# --- failures --------------------------------------------------------------------------------------------------------


async def test_errors_of_operations_arrive_as_they_are(executing, make_task, listen):
    async with executing() as executor:
        unknown = await _refused(executor, make_task("dance"), listen(), InputError)
        misfit = await _refused(executor, make_task("misfit"), listen(), ServerError)
        unspeakable = await _refused(executor, make_task("unspeakable"), listen(), ServerError)
    assert unknown.code is ErrorCode.UNKNOWN_OPERATION
    assert "enlarge" in unknown.remedy
    assert misfit.code is ErrorCode.INTERNAL
    assert "Traceback" not in str(misfit)
    assert unspeakable.code is ErrorCode.INTERNAL


async def test_memory_that_runs_out_is_said_so(executing, make_task, listen):
    async with executing(failure=Failure.MEMORY) as executor:
        info = await _refused(executor, make_task(), listen(), ResourceError)
    assert info.code is ErrorCode.OUT_OF_MEMORY
    assert info.remedy


async def test_a_tile_that_does_not_fit_shrinks_with_a_word(executing, make_task, listen):
    listener = listen()
    async with executing(memory_tile=32) as executor:
        await executor.run(make_task(), listener)
        info = None
    async with executing(memory_tile=8) as executor:
        info = await _refused(executor, make_task(), listen(), ResourceError)
    notes = [note.text for note in listener.of(TaskNote)]
    assert "Memory is short: tiles of 32 pixels are used." in notes
    assert info.code is ErrorCode.OUT_OF_MEMORY


async def test_damaged_window_files_are_refused(executing, make_task, listen):
    async with executing() as executor:
        short, missing = make_task(), make_task()
        short.windows["all"].pixels.write_bytes(b"short")
        missing.windows["all"].pixels.unlink()
        short, missing = [await _refused(executor, task, listen(), ServerError) for task in (short, missing)]
    assert "5 bytes" in short.message
    assert "No such file" in missing.message


async def test_a_task_plans_with_its_share_of_the_memory_alone(executing, make_task, listen):
    async with executing() as executor:
        planned = [await executor.run(replace(make_task("plan"), memory_share=share), listen()) for share in (0.5, 1)]
    assert [result.outcome.data["share"] for result in planned] == [0.5, 1]


async def test_what_libraries_print_and_read_does_no_harm(executing, make_task, listen, caplog):
    caplog.set_level("INFO", "foveate_server.worker")

    async with executing(noise='{"Failed": {}}') as executor:
        shouted = await executor.run(make_task("shout"), listen())
        enlarged = await executor.run(make_task(), listen())
    assert shouted.outcome.data == {"read": "", "stdin": ""}
    assert enlarged.outcome.status == "done"
    assert "not from the worker" in caplog.text  # it went to the log


async def test_an_engine_that_cannot_be_built_fails_the_task_and_not_the_worker(executing, make_task, listen, caplog):
    spec = EngineSpec("worker_parts:no_engine", deterministic_spec().catalog)

    async with executing(spec) as executor:
        before = executor.pids
        infos = [await _refused(executor, make_task(), listen(), ServerError) for _ in range(2)]
        kept = before == executor.pids
    assert [info.code for info in infos] == [ErrorCode.INTERNAL, ErrorCode.INTERNAL]
    assert "this engine cannot be built" in caplog.text
    assert kept


def test_patience_is_shorter_with_a_gpu():
    assert default_patience("cuda:1").cancel == 2
    assert default_patience("cpu").cancel == 5
    assert LocalExecutor(deterministic_spec()).capacity == 1
