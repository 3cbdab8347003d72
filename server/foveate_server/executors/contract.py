"""The Executor protocol: tasks in, events out. A task is one item with the files that it needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from foveate_server.operations.contract import ItemResult
from foveate_server.tasks.item_task import Task, TaskEvent


@dataclass(frozen=True)
class ExecutorStatus:
    """What the status page shows of an executor."""

    replaced: int = 0  # workers that died, hung or did not listen
    memory: int | None = None  # bytes that workers hold of their devices; None where unknown, or given back
    memory_total: int | None = None  # bytes that the devices have


class NotRunError(Exception):
    """A task did not come to its end, and that was not its own doing: it shall be run again."""


class Executor(Protocol):
    """Runs tasks. All methods are called in the server's event loop."""

    @property
    def capacity(self) -> int:
        """Return how many tasks may run at once, not counting those that run inside of others."""

    async def start(self) -> None:
        """Get ready; returns when tasks can be given. Raises FoveateError where that is impossible."""

    async def stop(self) -> None:
        """End all tasks and give everything back."""

    async def run(self, task: Task, listener: Callable[[TaskEvent], None], host: str | None = None) -> ItemResult:
        """Run `task` to its end, telling `listener` in the event loop what happens on the way, TaskBegan first.

        `host` is the key of a running task that shall give way: `task` is run inside of it, and the host goes on
        afterwards; of several that lie inside of each other it is the innermost. Raises NotRunError where the host
        ended before, or where a task that ran inside of this one took the process with it.

        Raises CancelledJobError after :meth:`cancel`, else the FoveateError that ended the task: WORKER_CRASHED and
        WORKER_HUNG where the process died or did not answer; the executor is usable again at once.
        """

    def cancel(self, key: str) -> None:
        """Ask the task to end; the process that runs it is replaced where it does not listen in time."""

    def status(self) -> ExecutorStatus:
        """Return what is known of the workers."""

    def release_memory(self) -> None:
        """Ask idle devices to give their memory back."""
