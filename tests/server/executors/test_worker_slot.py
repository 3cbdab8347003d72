"""Workers that die, hang, idle and do not start."""

import asyncio
import os
import select
import signal
import subprocess
import sys
import textwrap

import pytest

from foveate_server.engines.contract import EngineSpec
from foveate_server.engines.deterministic.engine import Failure, deterministic_spec
from foveate_server.executors.local import LocalExecutor
from foveate_server.executors.worker_process import describe_exit
from foveate_server.executors.worker_slot import WorkerTimeouts
from foveate_server.tasks.item_task import TaskNote
from foveate_shared.errors import CancelledJobError, ErrorCode, ServerError


@pytest.fixture
def marker(tmp_path):
    path = tmp_path / "once"
    path.touch()
    return path


@pytest.fixture
def crash(executing, make_task, listen, marker):
    """Run a task that fails, then one that does not; give the error and the worker's pids before and after."""

    async def run(failure, patience=None):
        async with executing(patience=patience, failure=failure, marker=marker) as executor:
            (before,) = executor.pids
            with pytest.raises(ServerError) as caught:
                await executor.run(make_task(), listen())
            result = await executor.run(make_task(), listen())
            return caught.value.info, before, result.outcome.data["pid"]

    return run


@pytest.mark.parametrize(
    ("failure", "sentence"), [(Failure.KILL, "was killed; perhaps memory ran out"), (Failure.EXIT, "exit status 3")]
)
async def test_a_crash_costs_one_task(crash, failure, sentence):
    info, before, after = await crash(failure)
    assert info.code is ErrorCode.WORKER_CRASHED
    assert sentence in info.message
    assert info.remedy
    assert before != after


async def test_a_kill_from_outside_costs_one_task(executing, make_task, listen):
    listener = listen()
    async with executing(block_seconds=60) as executor:
        run = asyncio.create_task(executor.run(make_task(), listener))
        await listener.progress.wait()
        os.kill(executor.pids[0], signal.SIGKILL)
        with pytest.raises(ServerError) as caught:
            await run
        result = caught.value.info.code
    assert result is ErrorCode.WORKER_CRASHED


async def test_children_that_a_dead_worker_left_do_not_keep_the_task_alive(executing, make_task, listen):
    listener = listen()
    async with executing() as executor:
        with pytest.raises(ServerError) as caught:
            await executor.run(make_task("orphan"), listener)
        code, notes = caught.value.info.code, [event.text for event in listener.of(TaskNote)]
    assert code is ErrorCode.WORKER_CRASHED
    assert notes == ["A child is there."]


async def test_a_worker_that_died_while_idle_costs_nothing(executing, make_task, listen):
    async with executing() as executor:
        (before,) = executor.pids
        os.kill(before, signal.SIGKILL)  # the event loop has not had a chance to notice when the task comes
        result = await executor.run(make_task(), listen())
    assert result.outcome.status == "done"
    assert result.outcome.data["pid"] != before


async def test_a_hang_ends_with_the_watchdog(crash):
    info, before, after = await crash(Failure.HANG, WorkerTimeouts(watchdog=1.0))
    assert info.code is ErrorCode.WORKER_HUNG
    assert "1 s" in info.message
    assert before != after


async def test_the_watchdog_lets_slow_tasks_be(executing, make_task, listen):
    async with executing(patience=WorkerTimeouts(watchdog=1.0), block_seconds=1.5) as executor:
        result = await executor.run(make_task(), listen())
    assert result.outcome.status == "done"


async def test_a_hung_task_can_be_cancelled(executing, make_task, listen, marker):
    listener = listen()
    async with executing(patience=WorkerTimeouts(cancel=0.1), failure=Failure.HANG, marker=marker) as executor:
        task = make_task()
        run = asyncio.create_task(executor.run(task, listener))
        await listener.progress.wait()
        executor.cancel(task.key)
        with pytest.raises(CancelledJobError):
            await run


async def test_stopping_ends_tasks_and_workers(executing, make_task, listen):
    listener = listen()
    async with executing(block_seconds=60) as executor:
        pid = os.pidfd_open(executor.pids[0])
        run = asyncio.create_task(executor.run(make_task(), listener))
        await listener.progress.wait()
        await executor.stop()
        with pytest.raises(ServerError) as caught:
            await run
        with pytest.raises(ServerError):
            await executor.run(make_task(), listener)
        code, pids, ended = caught.value.info.code, executor.pids, _has_ended(pid, 0)
    assert code is ErrorCode.SHUTTING_DOWN
    assert pids == ()
    assert ended


# --- starting --------------------------------------------------------------------------------------------------------


async def test_a_worker_that_cannot_start_is_a_clear_error(caplog):
    caplog.set_level("INFO", "foveate_server.worker")

    executor = LocalExecutor(deterministic_spec(), operations="no_such_module:operations")
    try:
        for _ in range(2):  # the second time after a pause
            with pytest.raises(ServerError, match="does not start") as caught:
                await executor.start()
    finally:
        await executor.stop()
    info = caught.value.info
    assert info.code is ErrorCode.WORKER_CRASHED
    assert "log" in info.remedy
    assert "no_such_module" in caplog.text


async def test_a_worker_that_is_not_ready_in_time_is_ended():
    executor = LocalExecutor(deterministic_spec(), patience=WorkerTimeouts(start=0.001))
    with pytest.raises(ServerError, match=r"not ready within 0\.001 s"):
        await executor.start()
    await executor.stop()
    result = executor.pids
    assert result == ()


async def test_stopping_while_a_worker_starts():
    executor = LocalExecutor(deterministic_spec())
    starting = asyncio.create_task(executor.start())
    await asyncio.wait([starting], timeout=0)
    await executor.stop()
    with pytest.raises(ServerError, match="shutting down"):
        await starting
    result = executor.pids
    assert result == ()


# --- idling ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def telling(tmp_path):
    """Give an engine that writes into a pipe when it releases memory, and the pipe."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    return EngineSpec("worker_parts:telling_engine", deterministic_spec().catalog, {"pipe": str(pipe)}), pipe


async def test_memory_is_released_on_request(executing, make_task, listen, telling):
    spec, pipe = telling

    async with executing(spec) as executor:
        await executor.run(make_task(), listen())
        executor.release_memory()
        told = await asyncio.to_thread(pipe.read_text)
        again = await executor.run(make_task(), listen())
    assert told == "released\n"
    assert again.outcome.status == "done"


async def test_memory_is_released_after_a_while(executing, make_task, listen, telling):
    spec, pipe = telling

    async with executing(spec, WorkerTimeouts(release=0.1)) as executor:
        await executor.run(make_task(), listen())
        result = await asyncio.to_thread(pipe.read_text)
    assert result == "released\n"


async def test_the_process_ends_after_a_longer_while_and_comes_back(executing, make_task, listen):
    async with executing(patience=WorkerTimeouts(end=0.2)) as executor:
        (before,) = executor.pids
        ended = os.pidfd_open(before)
        gone = await asyncio.to_thread(_has_ended, ended, 20)
        result = await executor.run(make_task(), listen())
    assert gone
    assert result.outcome.data["pid"] != before


# --- the server's own end --------------------------------------------------------------------------------------------

_SERVER = textwrap.dedent("""
    import asyncio, sys
    from foveate_server.engines.deterministic.engine import deterministic_spec
    from foveate_server.executors.local import LocalExecutor
    from foveate_server.tasks.messages import decode_order

    async def main():
        executor = LocalExecutor(
            deterministic_spec(failure="hang"), operations="worker_parts:operations"
        )
        await executor.start()
        task = decode_order(sys.stdin.buffer.readline()).task
        print(executor.pids[0], flush=True)
        await executor.run(task, lambda event: print("busy", flush=True))

    asyncio.run(main())
""")


def test_a_killed_server_leaves_no_worker_behind(make_task, worker_environment):
    from foveate_server.tasks.messages import RunTask, encode

    with subprocess.Popen(
        [sys.executable, "-c", _SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, **worker_environment},
    ) as server:
        server.stdin.write(encode(RunTask(make_task())))
        server.stdin.flush()
        worker = os.pidfd_open(int(server.stdout.readline()))
        assert server.stdout.readline() == b"busy\n"
        server.kill()
        assert _has_ended(worker, 20)


def _has_ended(pidfd, seconds):
    """Wait for a process that is no child of ours."""
    try:
        return bool(select.select([pidfd], [], [], seconds)[0])
    finally:
        os.close(pidfd)


@pytest.mark.parametrize(
    ("status", "words"),
    [(0, "exit status 0"), (-9, "was killed"), (-11, "SIGSEGV"), (-63, "signal 63"), (3221225477, "exit status")],
)
def test_exits_are_described(status, words):
    assert words in describe_exit(status)
