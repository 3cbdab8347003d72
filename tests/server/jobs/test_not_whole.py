"""A new image with a failed part: it is tried again, the rest is kept, and the job can be resumed, also later."""

import asyncio

import pytest

from fakes.executor import ScriptedExecutor, paint
from fakes.jobs import ANNA, bench
from fakes.painting import PaintAnew
from foveate_server.jobs.runner import MAX_WORKER_DEATHS
from foveate_shared.errors import ErrorCode, ServerError
from foveate_shared.wire.protocol import Cancelled, Done, Failed, ItemEnded, Note, Patch, Started, Windows

ANEW = {"paint": PaintAnew()}
DIED = [ErrorCode.WORKER_CRASHED, ErrorCode.WORKER_HUNG]


def dying(times, code=ErrorCode.WORKER_CRASHED, then=paint):
    """Return how an item behaves whose worker dies so many times."""
    left = [times]

    async def behave(task, listener):
        if left[0]:
            left[0] -= 1
            raise ServerError("The worker died.", code=code)
        return await then(task, listener)

    return behave


def names(executor):
    return [key.rpartition("/")[2] for key in executor.keys]


@pytest.mark.parametrize("code", DIED)
async def test_what_a_dead_worker_was_at_is_tried_again(tmp_path, code):
    async with bench(tmp_path, table=ANEW) as made:
        made.executor.behaviours["i1"] = dying(MAX_WORKER_DEATHS - 1, code)
        watcher = made.watch()
        done = await watcher.answer(await made.submit(items=2))
        assert [outcome.status for outcome in done.outcomes] == ["done", "done"]
        assert names(made.executor).count("i1") == MAX_WORKER_DEATHS
        assert [note.text for note in watcher.of(Note)] == [
            "The worker died. What it was at is tried again.",
            "The worker died. What it was at is tried again.",
            "The worker died. What it was at is tried once more, with half of the memory.",
        ]
        assert [task.memory_share for task in made.executor.tasks if task.item.id == "i1"] == [1, 1, 1, 0.5]


async def test_a_failure_of_another_kind_is_final(tmp_path):
    async with bench(tmp_path, table=ANEW) as made:
        made.executor.behaviours["i1"] = dying(1, ErrorCode.OUT_OF_MEMORY)
        await made.watch().answer(await made.submit(items=2))
        assert names(made.executor) == ["i1", "i2"]


async def never(task, listener):
    await asyncio.Event().wait()


async def test_deaths_are_counted_over_restarts_and_apart_from_the_servers(tmp_path):
    async with bench(tmp_path, table=ANEW) as made:
        made.executor.behaviours["i1"] = dying(2, then=never)
        watcher = made.watch()
        job = await made.submit()
        for request in (await watcher.until(Windows)).requests:
            await made.send(job, request)
        await watcher.until(Started, count=3)
    async with bench(tmp_path, ScriptedExecutor(capacity=0)) as made:
        row = made.manager.find(ANNA, job.id).items["i1"].row
        assert (row.worker_deaths, row.attempts) == (2, 0)


async def fail(made, watcher, **fields):
    """Run a job of three items, of which the second one fails; return it, and how it ended."""
    made.executor.behaviours["i2"] = dying(MAX_WORKER_DEATHS)
    job = await made.submit(items=3, **fields)
    return job, await watcher.answer(job)


async def test_a_new_image_with_a_hole_has_failed_and_keeps_what_is_finished(tmp_path):
    async with bench(tmp_path, table=ANEW) as made:
        watcher = made.watch()
        job, failed = await fail(made, watcher)
        assert isinstance(failed, Failed)
        assert failed.error.code is ErrorCode.WORKER_CRASHED
        assert failed.error.message == "1 of 3 parts of the new image failed: The worker died."
        assert [outcome.status for outcome in failed.outcomes] == ["done", "failed", "done"]
        assert failed.recipe["operation"] == "paint"
        assert len(watcher.of(Patch)) == 2
        assert job.is_resumable


async def test_where_nothing_is_finished_nothing_is_kept(tmp_path):
    async with bench(tmp_path, table=ANEW) as made:
        made.executor.behaviours["i1"] = dying(MAX_WORKER_DEATHS)
        failed = await made.watch().answer(await made.submit())
        assert (failed.error.message, failed.recipe) == ("The worker died.", None)


async def test_within_a_document_a_failed_part_leaves_that_as_it_was(tmp_path):
    async with bench(tmp_path) as made:
        _, done = await fail(made, made.watch())
        assert isinstance(done, Done)


async def test_a_full_disk_does_not_cost_what_is_finished(tmp_path):
    async with bench(tmp_path, table=ANEW) as made:
        watcher = made.watch()
        job = await made.submit_half(watcher)
        made.manager.fail(job, ServerError("Full.", code=ErrorCode.STORAGE_FULL).info)
        assert (await watcher.until(Failed)).recipe
        assert job.is_resumable


@pytest.mark.parametrize("restarts", [False, True])
async def test_it_is_resumed_with_the_windows_that_are_there_and_the_failures_are_forgotten(tmp_path, restarts):
    async with bench(tmp_path, table=ANEW) as made:
        job, failed = await fail(made, made.watch())
        if not restarts:
            await resume_to_its_end(made, job, failed)
    if restarts:
        async with bench(tmp_path, table=ANEW) as made:
            await resume_to_its_end(made, made.manager.find(ANNA, job.id), failed)


async def resume_to_its_end(made, job, failed):
    before = len(made.executor.keys)
    made.executor.behaviours.clear()
    await made.manager.retry(job)
    late = made.watch()  # as a client that has nothing of it yet
    late.resume(job)
    made.manager.ask_again(job)
    done = await late.until(Done)
    assert [outcome.status for outcome in done.outcomes] == ["done"] * 3
    assert names(made.executor)[before:] == ["i2"]
    assert not late.of(Failed)
    assert [event.outcome.item for event in late.of(ItemEnded)] == ["i1", "i3", "i2"]
    assert len(late.of(Patch)) == 3
    assert len(late.of(Windows)) == 1, "the window of what failed was kept"
    assert done.seq > failed.seq
    made.manager.acknowledge(ANNA, job.id)
    await made.until_stored(0)


async def test_it_can_fail_again_and_is_dropped_like_any_other(tmp_path):
    async with bench(tmp_path, table=ANEW) as made:
        watcher = made.watch()
        job, failed = await fail(made, watcher)
        made.executor.behaviours["i2"] = dying(MAX_WORKER_DEATHS)
        await made.manager.retry(job)
        again = await watcher.until(Failed, count=2)
        assert again.seq > failed.seq
        assert names(made.executor).count("i2") == 2 * MAX_WORKER_DEATHS
        made.manager.acknowledge(ANNA, job.id)
        await made.until_stored(0)


async def test_it_can_be_cancelled_while_it_is_tried_again(tmp_path):
    async with bench(tmp_path, table=ANEW) as made:
        watcher = made.watch()
        job, _ = await fail(made, watcher)
        made.executor.hold("i2")
        await made.manager.retry(job)
        assert made.manager.cancel(ANNA, job.id)
        await watcher.until(Cancelled)


async def test_a_job_that_is_done_is_not_tried_again(tmp_path):
    async with bench(tmp_path, table=ANEW) as made:
        watcher = made.watch()
        job = await made.submit()
        await watcher.answer(job)
        await made.manager.retry(job)
        assert job.state == "done"
