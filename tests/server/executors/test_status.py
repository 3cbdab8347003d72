"""What the status page is told of workers."""

import asyncio
import os
import signal
import sys

import pytest

from foveate_server.executors.contract import ExecutorStatus
from foveate_shared.errors import ServerError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads the worker's memory from /proc")


async def test_memory_is_told_after_a_task_until_it_is_given_back(executing, make_task, listen):
    async with executing() as executor:
        before = executor.status()
        await executor.run(make_task(), listen())
        after = executor.status()
        executor.release_memory()
        released = executor.status()
    assert before == released == ExecutorStatus()
    assert 10 << 20 < after.memory < after.memory_total


async def test_a_killed_worker_is_counted_as_replaced(executing, make_task, listen):
    listener = listen()
    async with executing(block_seconds=60) as executor:
        run = asyncio.create_task(executor.run(make_task(), listener))
        await listener.progress.wait()
        os.kill(executor.pids[0], signal.SIGKILL)
        with pytest.raises(ServerError):
            await run
        result = executor.status()
    assert result == ExecutorStatus(replaced=1)
