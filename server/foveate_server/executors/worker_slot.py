"""A place where a task runs: a worker process, replaced whenever it dies, hangs or does not listen.

One task at a time runs; another may run inside of it where it gives way, and so on: see :mod:`task_stack`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from foveate_server.executors.contract import NotRunError
from foveate_server.executors.task_stack import Listener, TaskRun, TaskStack, cancelled
from foveate_server.executors.worker_process import WorkerProcess, describe_exit
from foveate_server.operations.contract import ItemResult
from foveate_server.tasks.item_task import Task, TaskBegan, TaskEvent
from foveate_server.tasks.messages import (
    CancelTask,
    Launch,
    Memory,
    Ready,
    ReleaseMemory,
    Report,
    RunTask,
    TaskFailed,
    TaskFinished,
)
from foveate_shared.errors import ErrorCode, ServerError, to_exception
from foveate_shared.i18n.sentence import Sentence

_ATTEMPTS = 2  # to hand over a task: a process may have died while it idled
_EVENTS = get_args(TaskEvent)
_FIRST_BACKOFF = 0.2  # seconds before a worker that did not start is started again; doubles each time
_LAST_BACKOFF = 30.0

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class WorkerTimeouts:
    """How long the server waits for a worker, in seconds; None: for ever."""

    start: float = 120.0  # until a new process is ready
    watchdog: float = 120.0  # without a sign of life of a running task, until its process counts as hung
    cancel: float = 5.0  # after a cancel, until a process that is not free is replaced
    release: float | None = 120.0  # without a task, until the engine gives its memory back
    end: float | None = 900.0  # without a task, until the process is ended: a driver's context goes only with it


class _Deadlines:
    """Kills a process unless it does in time what it should."""

    def __init__(self, process: WorkerProcess) -> None:
        self._process = process
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self.killed_for: str | None = None  # the deadline that passed

    def set(self, reason: str, seconds: float) -> None:
        """Kill the process in so many seconds, instead of at an earlier time that was planned for the same reason."""
        self.call_off(reason)
        self._timers[reason] = asyncio.get_running_loop().call_later(seconds, self._kill, reason)

    def call_off(self, *reasons: str) -> None:
        """Forget what was planned for `reasons`."""
        for reason in reasons:
            if timer := self._timers.pop(reason, None):
                timer.cancel()

    def _kill(self, reason: str) -> None:
        self.killed_for = self.killed_for or reason
        self._process.kill()


@dataclass(frozen=True)
class _Attended:
    """A process with its tasks."""

    process: WorkerProcess
    stack: TaskStack
    deadlines: _Deadlines


class WorkerSlot:
    """Runs one task, and others inside of it. All methods are called in the event loop."""

    def __init__(self, launch: Launch, patience: WorkerTimeouts, environment: Mapping[str, str]) -> None:
        self._launch = launch
        self._patience = patience
        self._environment = environment
        self._process: WorkerProcess | None = None  # ready for a task, or running one
        self._starting: asyncio.Task[WorkerProcess] | None = None  # a replacement on its way
        self._failed_starts = 0  # in a row
        self._run: TaskRun | None = None  # the one that others may run inside of
        self._attended: _Attended | None = None  # while a process has it
        self._idle_timers: list[asyncio.TimerHandle] = []
        self._ending: set[asyncio.Task[int]] = set()  # processes that were told to end
        self._stopped = False
        self.replaced = 0  # processes that died, hung or did not listen
        self.memory: Memory | None = None  # that the process was last known to hold

    @property
    def pid(self) -> int | None:
        """Return the number of the process, None where there is none now."""
        return self._process.pid if self._process is not None and self._process.is_alive else None

    async def start(self) -> None:
        """Return when a process is ready. Raises ServerError where it does not start."""
        await self._ready_process()
        self._begin_idling()

    async def stop(self) -> None:
        """End the process, and with it the task that runs."""
        self._stopped = True
        self._end_idling()
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.gather(self._starting, return_exceptions=True)
        if self._process is not None:
            await self._process.close()
        await asyncio.gather(*self._ending)

    async def run(self, task: Task, listener: Listener) -> ItemResult:
        """Run `task`: see executors.contract.Executor."""
        self._end_idling()
        run = self._run = TaskRun(task, listener)
        try:
            for _ in range(_ATTEMPTS):
                process = await self._ready_process()
                if run.is_cancelled:
                    raise cancelled()
                await self._attend(run, process)
                if run.answer.done():
                    return run.answer.result()
                _logger.warning("worker %d ended before task %s reached it", process.pid, task.key)
            raise _crashed("The worker process ended before it took up the task.")
        finally:
            self._run = None
            self._begin_idling()

    async def run_inside(self, task: Task, listener: Listener, host: str) -> ItemResult:
        """Run `task` inside of the task `host`, once that gives way: see executors.contract.Executor."""
        attended = self._attended
        if attended is None or not attended.stack.has_room_in(host):
            raise NotRunError
        guest = TaskRun(task, listener)
        attended.stack.wait(guest)
        attended.process.send(RunTask(task, host))
        return await guest.answer

    def cancel(self, key: str) -> None:
        """Ask a task to end, and give it only so long."""
        run = self._attended.stack.find(key) if self._attended else self._run
        if run is None or run.task.key != key or run.is_cancelled:
            return
        run.is_cancelled = True
        if self._attended:
            self._attended.process.send(CancelTask(key))
            self._look_at_top(self._attended)

    def release_memory(self) -> None:
        """Let the engine give its memory back, unless a task runs."""
        if self._run is None and self._process is not None:
            self._process.send(ReleaseMemory())
            self.memory = None

    # --- a task ------------------------------------------------------------------------------------------------------

    async def _attend(self, run: TaskRun, process: WorkerProcess) -> None:
        """Give the process the task and wait for its end; it has no answer where the process was dead before."""
        attended = self._attended = _Attended(process, TaskStack(run), _Deadlines(process))
        process.job_lines(run.task.job)
        try:
            process.send(RunTask(run.task))
            self._rearm_watchdog(attended)
            while not run.answer.done():
                report = await process.receive()
                if report is None:
                    await self._mourn(attended)
                    return
                self._take(attended, report)
        finally:
            attended.deadlines.call_off("watchdog", "cancel")
            attended.stack.abandon()
            self._attended = None
            process.job_lines(None)
            if not run.ended:
                self._discard(process)  # nobody waits for its task any more, so nobody may find it busy

    def _take(self, attended: _Attended, report: Report) -> None:
        """Act on a report, which is about the task that runs now."""
        self._rearm_watchdog(attended)
        stack = attended.stack
        if isinstance(report, (TaskFinished, TaskFailed)):
            _answer(stack.end(), report)
            self._look_at_top(attended)
            return
        if isinstance(report, TaskBegan):
            stack.begin(report.key)
            self._look_at_top(attended)
        if isinstance(report, Memory):
            self.memory = report
        top = stack.top
        if isinstance(report, _EVENTS) and top is not None and not top.is_cancelled:
            top.listener(report)

    def _look_at_top(self, attended: _Attended) -> None:
        """Give what runs now so long to end, if it was cancelled; what lies below it cannot listen."""
        attended.deadlines.call_off("cancel")
        top = attended.stack.top
        if top is None:
            return
        attended.process.job_lines(top.task.job)
        if top.is_cancelled:
            attended.deadlines.set("cancel", self._patience.cancel)

    def _rearm_watchdog(self, attended: _Attended) -> None:
        attended.deadlines.set("watchdog", self._patience.watchdog)

    async def _mourn(self, attended: _Attended) -> None:
        """Replace the process that died, and tell its tasks why, unless it was dead before it took one up."""
        process, stack = attended.process, attended.stack
        status = await process.ended()
        self._process = None
        if self._stopped:
            stack.die(_shutting_down())
            return
        self._count_replacement()
        top = stack.top
        _logger.error("worker %d ended with status %d during task %s", process.pid, status, top and top.task.key)
        self._prepare()
        if attended.deadlines.killed_for == "watchdog":
            stack.die(_hung(self._patience.watchdog))
        elif top is not None and (top.taken or top.is_cancelled):
            stack.die(_crashed(describe_exit(status)))

    # --- the process -------------------------------------------------------------------------------------------------

    async def _ready_process(self) -> WorkerProcess:
        if self._stopped:
            raise _shutting_down()
        if self._process is not None and self._process.is_alive:
            return self._process
        try:
            return await asyncio.shield(self._prepare())
        except asyncio.CancelledError:
            if self._stopped:
                raise _shutting_down() from None
            raise

    def _prepare(self) -> asyncio.Task[WorkerProcess]:
        """Return the start of a process, which goes on in the background."""
        if self._starting is None:
            self._starting = asyncio.create_task(self._start_process(), name="start of a worker")
            self._starting.add_done_callback(self._started)
        return self._starting

    def _started(self, starting: asyncio.Task[WorkerProcess]) -> None:
        """Take the process over; where it failed, the next run tries again and tells."""
        self._starting = None
        if starting.cancelled():
            return
        if error := starting.exception():
            _logger.error("%s", error)
        else:
            self._process = starting.result()

    async def _start_process(self) -> WorkerProcess:
        if self._failed_starts:
            await asyncio.sleep(min(_FIRST_BACKOFF * 2 ** (self._failed_starts - 1), _LAST_BACKOFF))
        self._failed_starts += 1
        try:
            process = await WorkerProcess.start(self._environment)
        except OSError as error:
            raise _not_started(
                "The worker process could not be started: {reason}.", reason=error.strerror or error
            ) from error
        try:
            await self._launch_process(process)
        except BaseException:
            process.kill()
            self._end(process)
            raise
        self._failed_starts = 0
        return process

    async def _launch_process(self, process: WorkerProcess) -> None:
        process.send(self._launch)
        try:
            report = await asyncio.wait_for(process.receive(), self._patience.start)
        except asyncio.TimeoutError as error:
            raise _not_started(
                "The worker process was not ready within {seconds:g} s.", seconds=self._patience.start
            ) from error
        if not isinstance(report, Ready):
            raise _not_started(
                "The worker process does not start (exit status {status}).", status=await process.close()
            )
        _logger.info("worker %d is ready", process.pid)

    def _discard(self, process: WorkerProcess) -> None:
        if process.is_alive:
            self._count_replacement()
            process.kill()
            self._end(process)
        if self._process is process:
            self._process = None

    def _count_replacement(self) -> None:
        self.replaced += 1
        self.memory = None

    def _end(self, process: WorkerProcess) -> None:
        ending = asyncio.create_task(process.close(), name=f"end of worker {process.pid}")
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    # --- idling ------------------------------------------------------------------------------------------------------

    def _begin_idling(self) -> None:
        self._end_idling()
        if self._stopped:
            return
        loop = asyncio.get_running_loop()
        plan = ((self._patience.release, self.release_memory), (self._patience.end, self._end_idle_process))
        self._idle_timers = [loop.call_later(delay, action) for delay, action in plan if delay is not None]

    def _end_idling(self) -> None:
        for timer in self._idle_timers:
            timer.cancel()
        self._idle_timers = []

    def _end_idle_process(self) -> None:
        """End the process; the next task starts a new one."""
        if self._run is None and self._process is not None:
            _logger.info("worker %d is ended: it had nothing to do for a long time", self._process.pid)
            self._end(self._process)
            self._process = None
            self.memory = None


def _answer(run: TaskRun, report: TaskFinished | TaskFailed) -> None:
    if isinstance(report, TaskFailed):
        run.fail(to_exception(report.error))
    else:
        run.succeed(report.result)


def _shutting_down() -> ServerError:
    return ServerError(
        "The server is shutting down.", code=ErrorCode.SHUTTING_DOWN, remedy="The job goes on when it is started again."
    )


def _hung(seconds: float) -> ServerError:
    return ServerError(
        "The worker process gave no sign of life for {seconds:g} s and was replaced.",
        code=ErrorCode.WORKER_HUNG,
        remedy="Try again; a smaller region needs less time between two signs of life.",
        seconds=seconds,
    )


def _crashed(sentence: str) -> ServerError:
    return ServerError(
        sentence,
        code=ErrorCode.WORKER_CRASHED,
        remedy="Try again, with a smaller region or fewer other programs where it happens again.",
    )


def _not_started(problem: str, /, **values: object) -> ServerError:
    return ServerError(
        Sentence.made_of(problem, values),
        code=ErrorCode.WORKER_CRASHED,
        remedy="The reason is in the last lines of the server's log.",
    )
