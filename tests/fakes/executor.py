"""An executor in the server's own process that does what a test tells it to."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from fakes.painting import inverted, item
from foveate_server.executors.contract import ExecutorStatus, NotRunError
from foveate_server.operations.contract import ItemResult
from foveate_server.tasks.item_task import TaskBegan, TaskPatch, TaskProgress
from foveate_shared.errors import CancelledJobError, ErrorCode, ServerError
from foveate_shared.wire.protocol import Outcome


async def paint(task, listener):
    """Invert the window, as the operation does."""
    (window,) = task.windows.values()
    listener(TaskProgress("painting", 0.5, 1, 2))
    pixels = task.output / "pixels"
    pixels.write_bytes(inverted(window.pixels.read_bytes()))
    coverage = None
    if window.coverage:
        coverage = task.output / "coverage"
        coverage.write_bytes(window.coverage.read_bytes())
    listener(TaskPatch(window.bounds, pixels, coverage, window.coverage_format))
    follow = task.item.arguments["follow"]
    later = tuple(item(f"{task.item.id}-{number}", window.bounds) for number in range(follow))
    return ItemResult(Outcome(task.item.id, "done"), later, {"device": "cpu: test"})


class ScriptedExecutor:
    """Paints, unless a test says otherwise; single items can be held."""

    def __init__(self, capacity=1, *, gives_way=True):
        self.capacity = capacity
        self.gives_way = gives_way  # to whoever shall run in the midst of another task, at once
        self.hosts = {}  # by key, of those that ran in the midst of another one: that one's
        self.behaviours = {}  # by item id: coroutine function (task, listener) -> ItemResult
        self.tasks = []  # that ran, in order
        self.running = {}  # by key: the asyncio task
        self.arrived = defaultdict(asyncio.Event)  # by item id: set when it runs
        self.cancelled = []  # keys
        self.stopped = False

    @property
    def keys(self):
        return [task.key for task in self.tasks]

    async def start(self):
        self.stopped = False

    async def stop(self):
        self.stopped = True
        for task in list(self.running.values()):
            task.cancel()

    def status(self):
        return ExecutorStatus()

    def hold(self, item_id, then=paint):
        """Let an item wait until it is released; return what releases it."""
        gate = asyncio.Event()

        async def wait(task, listener):
            await gate.wait()
            return await then(task, listener)

        self.behaviours[item_id] = wait
        return gate.set

    async def settled(self):
        """Wait until what runs now has ended."""
        await asyncio.gather(*self.running.values(), return_exceptions=True)

    async def run(self, task, listener, host=None):
        assert task.key not in self.running
        if host is not None:
            if host not in self.running or not self.gives_way:
                raise NotRunError
            self.hosts[task.key] = host
        self.tasks.append(task)
        listener(TaskBegan(task.key))
        work = self.running[task.key] = asyncio.ensure_future(self._work(task, listener))
        try:
            return await work
        except asyncio.CancelledError:
            if self.stopped:
                raise ServerError("The server is shutting down.", code=ErrorCode.SHUTTING_DOWN) from None
            raise CancelledJobError("The job was cancelled.") from None
        finally:
            del self.running[task.key]

    async def _work(self, task, listener):
        self.arrived[task.item.id].set()
        return await self.behaviours.get(task.item.id, paint)(task, listener)

    def cancel(self, key):
        self.cancelled.append(key)
        if key in self.running:
            self.running[key].cancel()

    def release_memory(self):
        pass
