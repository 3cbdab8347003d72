"""The life of a worker: orders come in on a thread of their own, items run on the main thread.

They run one at a time, but one that gives way lies still while others, its guests, run inside of it to their ends: on
the same thread, for all that the engine holds lives there.

The main thread is the one that libraries expect to be used from; the reader thread must be free at any time, to take
a cancel, and to end the process at once where the server is gone.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pkgutil import resolve_name
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Any

from foveate_server.engines.contract import Engine
from foveate_server.engines.memory_share import sharing
from foveate_server.lasting_imports import lasting_imports
from foveate_server.operations.contract import ItemResult
from foveate_server.operations.item_run import ItemRun
from foveate_server.operations.operation import Operation
from foveate_server.tasks.item_task import Task, TaskBegan, TaskProgress
from foveate_server.tasks.messages import (
    CancelTask,
    Launch,
    Ready,
    Released,
    ReleaseMemory,
    RunTask,
    TaskFailed,
    TaskFinished,
)
from foveate_server.worker.channel import Channel, leave
from foveate_server.worker.context import WorkerContext
from foveate_server.worker.describe_failure import describe, is_out_of_memory
from foveate_server.worker.keep_telling import keep_telling
from foveate_server.worker.memory_in_use import in_use
from foveate_server.worker.task_files import open_windows
from foveate_shared.errors import ErrorCode, InputError

_STARTING = "Getting ready"

_logger = logging.getLogger(__name__)
_Work = RunTask | ReleaseMemory


class Worker:
    """Runs tasks with one engine."""

    def __init__(self, channel: Channel, launch: Launch) -> None:
        self._channel = channel
        self._launch = launch
        self._engine: Engine | None = None  # built at first use, by the main thread
        self._operations: Mapping[str, Operation[Any]] = resolve_name(launch.operations)()
        self._work: SimpleQueue[_Work] = SimpleQueue()
        self._guests: SimpleQueue[RunTask] = SimpleQueue()  # to be run inside of what runs
        self._depth = 0  # of the tasks that run: each inside of the one before it
        self._cancelled: dict[str, Event] = {}  # by key, of all tasks that are known; set by the reader thread

    def serve(self) -> None:
        """Carry out orders for ever: the process ends from the reader thread."""
        Thread(target=self._read_orders, name="orders", daemon=True).start()
        self._channel.send(Ready())
        if self._launch.preload:
            self._preload()
        while True:
            match self._work.get():
                case ReleaseMemory():
                    self._release()
                case RunTask(task):
                    self._run(task)

    def _read_orders(self) -> None:
        try:
            self._pass_on_orders()
        except Exception:
            _logger.exception("an order could not be understood")
        finally:
            leave()

    def _pass_on_orders(self) -> None:
        for order in self._channel.orders():
            match order:
                case RunTask(task, host):
                    self._cancelled[task.key] = Event()
                    if host:
                        self._guests.put(order)
                    else:
                        list(self._next_guests())  # dropped: their host has ended
                        self._work.put(order)
                case CancelTask(key):
                    if cancelled := self._cancelled.get(key):
                        cancelled.set()
                case ReleaseMemory():
                    self._work.put(order)

    def _run_guests(self, host: str) -> bool:
        """Run the tasks that wait for `host` to give way; return whether there were any."""
        if self._guests.empty():  # as before nearly every layer
            return False
        some = False
        for guest in self._next_guests():
            if guest.host == host:  # else that one has ended, and the server knows that its guest was not run
                self._run(guest.task)
                some = True
        return some

    def _next_guests(self) -> Iterator[RunTask]:
        with suppress(Empty):
            while True:
                yield self._guests.get_nowait()

    def _run(self, task: Task) -> None:
        self._depth += 1
        self._channel.send(TaskBegan(task.key))
        try:
            result = self._run_operation(task)
        except Exception as error:
            self._tell_memory()
            operation = task.request.operation if self._engine else ""  # without an engine, none was run
            self._end(task, TaskFailed(describe(error, operation)))
            if is_out_of_memory(error) and not self._depth:  # who gave way needs what is loaded
                self._release()
            return
        self._finish(task, result)

    def _end(self, task: Task, report: TaskFinished | TaskFailed) -> None:
        self._depth -= 1
        self._cancelled.pop(task.key, None)
        self._channel.send(report)

    def _run_operation(self, task: Task) -> ItemResult:
        seconds = self._launch.heartbeat_seconds
        context = WorkerContext(
            task, self._channel, self._cancelled[task.key], seconds, lambda: self._run_guests(task.key)
        )
        context.check()
        operation = self._operations.get(task.request.operation)
        if operation is None:
            raise InputError(
                'There is no operation "{name}".',
                code=ErrorCode.UNKNOWN_OPERATION,
                remedy="Choose one of {names}.",
                name=task.request.operation,
                names=", ".join(self._operations),
            )
        parameters = operation.parameters.parse(task.request.parameters)
        windows = open_windows(task.windows, task.request.format)
        engine = self._engine or self._start_engine(context)
        context.check()
        with sharing(task.memory_share):
            return operation.run(ItemRun(task.request, parameters, task.item, windows, engine, context))

    def _finish(self, task: Task, result: ItemResult) -> None:
        self._tell_memory()
        try:
            self._end(task, TaskFinished(result))
        except (TypeError, ValueError) as error:  # such as NaN in an outcome's data
            self._channel.send(TaskFailed(describe(error)))

    def _tell_memory(self) -> None:
        if memory := in_use():
            self._channel.send(memory)

    def _start_engine(self, context: WorkerContext) -> Engine:
        """Build the engine; where that takes its time, the first task says so."""
        if not self._launch.start_seconds:
            return self._require_engine()
        context.get_ready(_STARTING, self._launch.start_seconds)
        with keep_telling(lambda: self._channel.send(TaskProgress(_STARTING, 0.0, 0, 0))):
            return self._require_engine()

    def _require_engine(self) -> Engine:
        if self._engine is None:
            with lasting_imports():
                create = resolve_name(self._launch.engine)
            self._engine = create(dict(self._launch.options))
        return self._engine

    def _preload(self) -> None:
        try:
            self._require_engine()
        except Exception:  # the first task will tell its owner
            _logger.warning("the engine could not be loaded ahead", exc_info=True)

    def _release(self) -> None:
        if self._engine is not None:
            try:
                self._engine.release()
            except Exception:
                _logger.exception("the engine could not give its memory back")
        self._channel.send(Released())
