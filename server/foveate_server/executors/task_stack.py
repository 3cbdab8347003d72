"""The tasks that one worker process has: each runs inside of the one below, which gave way. Pure bookkeeping."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from foveate_server.executors.contract import NotRunError
from foveate_server.operations.contract import ItemResult
from foveate_server.tasks.item_task import Task, TaskEvent
from foveate_shared.errors import CancelledJobError

Listener = Callable[[TaskEvent], None]


@dataclass
class TaskRun:
    """A task under way. Only touched in the event loop."""

    task: Task
    listener: Listener
    answer: asyncio.Future[ItemResult] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    taken: bool = False  # the worker has said that it is at it
    ended: bool = False  # the worker has said that it is done with it
    is_cancelled: bool = False  # by us

    def succeed(self, result: ItemResult) -> None:
        """Give the task's result to whoever waits for it; none where it was cancelled."""
        if self.is_cancelled:
            self.fail(cancelled())
        elif not self.answer.done():  # else nobody waits any more
            self.answer.set_result(result)

    def fail(self, error: Exception) -> None:
        """Tell whoever waits for the task why it has no result."""
        if not self.answer.done():
            self.answer.set_exception(cancelled() if self.is_cancelled else error)


class TaskStack:
    """A task that has a process, the tasks that run inside of it, and the one that waits for them to give way."""

    def __init__(self, bottom: TaskRun) -> None:
        self._runs = [bottom]
        self._waiting: TaskRun | None = None  # for the top one to give way

    @property
    def top(self) -> TaskRun | None:
        """Return what runs now; None where all have ended."""
        return self._runs[-1] if self._runs else None

    def find(self, key: str) -> TaskRun | None:
        """Return the task of this key, where it is here."""
        here = [*self._runs, *([self._waiting] if self._waiting else [])]
        return next((run for run in here if run.task.key == key), None)

    def has_room_in(self, host: str) -> bool:
        """Tell whether a task may wait for `host` to give way."""
        top = self.top
        return top is not None and top.task.key == host and top.taken and not top.is_cancelled and self._waiting is None

    def wait(self, guest: TaskRun) -> None:
        """Let `guest` wait for the top one to give way."""
        self._waiting = guest

    def begin(self, key: str) -> None:
        """Take that the worker has taken up the task of this key: the one that waited, or else the first."""
        if self._waiting is not None and self._waiting.task.key == key:
            self._runs.append(self._waiting)
            self._waiting = None
        self._runs[-1].taken = True

    def end(self) -> TaskRun:
        """Take that the top one has ended, and return it; who waited for it to give way is not run."""
        ended = self._runs.pop()
        ended.ended = True
        self._call_off()
        return ended

    def die(self, reason: Exception) -> None:
        """Take that the process is gone: what ran has ended for `reason`, those around it without a fault of theirs."""
        if self._runs:
            self._runs[-1].fail(reason)
        self._fail_all(self._runs)

    def abandon(self) -> None:
        """Take that nobody waits for the first one: what runs inside of it goes with it, without a fault."""
        self._fail_all(self._runs[1:])

    def _fail_all(self, runs: list[TaskRun]) -> None:
        for run in runs:
            run.fail(NotRunError())
        self._call_off()

    def _call_off(self) -> None:
        if self._waiting is not None:
            self._waiting.fail(NotRunError())
            self._waiting = None


def cancelled() -> CancelledJobError:
    """Return what ends a task that was cancelled."""
    return CancelledJobError("The job was cancelled.")
