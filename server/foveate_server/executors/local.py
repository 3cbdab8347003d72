"""Items run in worker processes on this machine, one per device."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from foveate_server.engines.contract import EngineSpec
from foveate_server.executors.contract import ExecutorStatus, NotRunError
from foveate_server.executors.worker_slot import WorkerSlot, WorkerTimeouts
from foveate_server.operations.contract import ItemResult
from foveate_server.tasks.item_task import Task, TaskEvent
from foveate_server.tasks.messages import OPERATIONS, Launch
from foveate_shared.errors import CancelledJobError

CANCEL_SECONDS_GPU = 2.0
CANCEL_SECONDS_CPU = 5.0
_HEARTBEATS = 4  # signs of life that a busy worker gives before the watchdog would bark
_MAX_HEARTBEAT = 1.0  # seconds


@dataclass
class _Submitted:
    """A task that was given to :meth:`LocalExecutor.run`."""

    slot: WorkerSlot | None = None  # None while all are taken
    cancelled: bool = False


class LocalExecutor:
    """The executor of a server without others: see executors.contract.Executor.

    `devices` are given to the engine's factory as the option `device`, one worker each. `patience` None means the
    defaults, with a shorter wait for cancels where the device is no CPU. `operations` names what gives the worker its
    operations, `environment` is added to that of the workers.
    """

    def __init__(
        self,
        engine: EngineSpec,
        *,
        devices: Sequence[str] = ("auto",),
        patience: WorkerTimeouts | None = None,
        operations: str = OPERATIONS,
        environment: Mapping[str, str] | None = None,
        preload: bool = False,
    ) -> None:
        self._slots = [
            WorkerSlot(
                Launch(
                    engine.factory,
                    {**engine.options, "device": device},
                    operations,
                    heartbeat_seconds=_heartbeat(own := patience or default_patience(device)),
                    start_seconds=engine.start_seconds,
                    preload=preload,
                ),
                own,
                environment or {},
            )
            for device in devices
        ]
        self._free: asyncio.LifoQueue[WorkerSlot] = asyncio.LifoQueue()  # the warmest one first
        for slot in self._slots:
            self._free.put_nowait(slot)
        self._entries: dict[str, _Submitted] = {}  # by the task's key

    @property
    def capacity(self) -> int:
        """Return how many tasks may run at once; more than that wait inside :meth:`run`."""
        return len(self._slots)

    @property
    def pids(self) -> tuple[int, ...]:
        """Return the numbers of the worker processes that are there now."""
        return tuple(slot.pid for slot in self._slots if slot.pid is not None)

    async def start(self) -> None:
        """Start all workers. Raises ServerError where one does not start."""
        await asyncio.gather(*(slot.start() for slot in self._slots))

    async def stop(self) -> None:
        """End all workers; tasks under way end with SHUTTING_DOWN."""
        await asyncio.gather(*(slot.stop() for slot in self._slots))

    async def run(self, task: Task, listener: Callable[[TaskEvent], None], host: str | None = None) -> ItemResult:
        """Run `task` to its end: see executors.contract.Executor. Raises ValueError where a task of its key runs."""
        if task.key in self._entries:
            raise ValueError(f"task {task.key} runs already")
        entry = self._entries[task.key] = _Submitted()
        try:
            if host is not None:
                return await self._run_inside(entry, task, listener, host)
            entry.slot = await self._free.get()
            try:
                if entry.cancelled:
                    raise CancelledJobError("The job was cancelled.")
                return await entry.slot.run(task, listener)
            finally:
                self._free.put_nowait(entry.slot)
        finally:
            del self._entries[task.key]

    async def _run_inside(
        self, entry: _Submitted, task: Task, listener: Callable[[TaskEvent], None], host: str
    ) -> ItemResult:
        entry.slot = self._entries[host].slot if host in self._entries else None
        if entry.slot is None:
            raise NotRunError
        return await entry.slot.run_inside(task, listener, host)

    def cancel(self, key: str) -> None:
        """Ask the task to end; where it runs no more, or never did, nothing happens."""
        if entry := self._entries.get(key):
            entry.cancelled = True
            if entry.slot is not None:
                entry.slot.cancel(key)

    def status(self) -> ExecutorStatus:
        """Return what is known of the workers."""
        known = [slot.memory for slot in self._slots if slot.memory is not None]
        return ExecutorStatus(
            replaced=sum(slot.replaced for slot in self._slots),
            memory=sum(memory.used for memory in known) if known else None,
            memory_total=sum(memory.total for memory in known) if known else None,
        )

    def release_memory(self) -> None:
        """Ask idle workers to give their devices' memory back."""
        for slot in self._slots:
            slot.release_memory()


def default_patience(device: str) -> WorkerTimeouts:
    """Return the usual patience with a worker on `device`: a GPU is free sooner after a cancel."""
    on_cpu = device in ("auto", "cpu")
    return WorkerTimeouts(cancel=CANCEL_SECONDS_CPU if on_cpu else CANCEL_SECONDS_GPU)


def _heartbeat(patience: WorkerTimeouts) -> float:
    return min(_MAX_HEARTBEAT, patience.watchdog / _HEARTBEATS)
