"""Tasks that run in the midst of others, in real worker processes."""

import asyncio
import os

import pytest

from foveate_server.executors.contract import NotRunError
from foveate_server.tasks.item_task import TaskBegan, TaskPatch
from foveate_shared.errors import CancelledJobError, ErrorCode, ServerError


@pytest.fixture
def pipe(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


@pytest.fixture
def begin(make_task, listen):
    """Begin a task that works until it is let go on; give it, its listener and what waits for its end."""

    async def enter(executor, operation, host=None, **arguments):
        task, listener = make_task(operation, **arguments), listen()
        run = asyncio.create_task(executor.run(task, listener, host and host.key))
        await listener.progress.wait()
        return task, listener, run

    return enter


async def test_it_runs_in_the_same_process_and_the_host_goes_on_after_it(executing, begin, make_task, listen):
    async with executing() as executor:
        host, heard, run = await begin(executor, "polite")
        guest, listener = make_task(), listen()
        result = await executor.run(guest, listener, host.key)
        after = await run
        assert result.outcome.data == after.outcome.data  # the pid
        assert listener.of(TaskBegan) == [TaskBegan(guest.key)]
        assert heard.of(TaskBegan) == [TaskBegan(host.key)], "what the guest said was none of its host's"
        assert listener.of(TaskPatch)
        assert not heard.of(TaskPatch)
        assert executor.status().replaced == 0


async def test_guests_have_guests(executing, begin, make_task, listen):
    async with executing() as executor:
        outer, _, outer_run = await begin(executor, "polite")
        inner, _, inner_run = await begin(executor, "polite", outer)
        assert not outer_run.done()
        with pytest.raises(NotRunError):  # it lies below
            await executor.run(make_task(), listen(), outer.key)
        await executor.run(make_task(), listen(), inner.key)
        assert (await inner_run).outcome.status == (await outer_run).outcome.status == "done"


async def test_a_host_that_does_not_give_way_ends_first_and_its_guest_is_not_run(
    executing, begin, make_task, listen, pipe
):
    async with executing() as executor:
        host, _, run = await begin(executor, "stubborn", pipe=str(pipe))
        guest, listener = make_task(), listen()
        waiting = asyncio.create_task(executor.run(guest, listener, host.key))
        await asyncio.to_thread(pipe.write_text, "go on")
        await run
        with pytest.raises(NotRunError):
            await waiting
        assert listener.events == []
        with pytest.raises(NotRunError):  # the host has ended
            await executor.run(guest, listener, host.key)
        next_host, _, run = await begin(executor, "polite")
        assert (await executor.run(guest, listener, next_host.key)).outcome.status == "done"
        await run


async def test_a_guest_s_crash_is_its_own(executing, begin, make_task, listen):
    async with executing() as executor:
        host, _, run = await begin(executor, "polite")
        with pytest.raises(ServerError) as caught:
            await executor.run(make_task("orphan"), listen(), host.key)
        assert caught.value.info.code is ErrorCode.WORKER_CRASHED
        with pytest.raises(NotRunError):
            await run
        assert executor.status().replaced == 1
        assert (await executor.run(make_task(), listen())).outcome.status == "done"


async def test_a_guest_can_be_cancelled(executing, begin):
    async with executing() as executor:
        host, _, run = await begin(executor, "polite")
        guest, _, inside = await begin(executor, "polite", host)
        executor.cancel(guest.key)
        with pytest.raises(CancelledJobError):
            await inside
        assert (await run).outcome.status == "done"
        assert executor.status().replaced == 0


async def test_a_host_that_is_cancelled_ends_after_its_guest(executing, begin, pipe):
    async with executing() as executor:
        host, _, run = await begin(executor, "polite")
        _, _, inside = await begin(executor, "stubborn", host, pipe=str(pipe))
        executor.cancel(host.key)
        await asyncio.to_thread(pipe.write_text, "go on")
        assert (await inside).outcome.status == "done"
        with pytest.raises(CancelledJobError):
            await run
        assert executor.status().replaced == 0


async def test_stopping_ends_both(executing, begin):
    async with executing() as executor:
        host, _, run = await begin(executor, "polite")
        _, _, inside = await begin(executor, "polite", host)
        await executor.stop()
        for each in (inside, run):
            with pytest.raises((ServerError, NotRunError)):
                await each
