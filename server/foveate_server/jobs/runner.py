"""Brings items that could run to the executor, one owner after the other, and reports how they ended.

Where all workers are taken, an item may run in the midst of another one: see :mod:`giving_way`.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

from foveate_server.executors.contract import NotRunError
from foveate_server.jobs.dependencies import JobDependencies
from foveate_server.jobs.expected_time import MeasuredPaces
from foveate_server.jobs.fair_queue import FairQueue, QueueEntry
from foveate_server.jobs.giving_way import GivingWay, RunningItem
from foveate_server.jobs.item_events import ItemEvents
from foveate_server.jobs.job import Job, WorkItem
from foveate_server.jobs.journal import Journal
from foveate_server.jobs.result_parts import check_part, key_of
from foveate_server.operations.contract import ItemResult
from foveate_server.spool.database import put_item
from foveate_server.tasks.item_task import (
    Task,
    TaskBegan,
    TaskEvent,
    TaskNote,
    TaskPart,
    TaskProgress,
    WindowFile,
)
from foveate_shared.errors import CancelledJobError, ErrorCode, ErrorInfo, FoveateError, ProtocolError, ServerError
from foveate_shared.i18n.sentence import Sentence
from foveate_shared.wire.protocol import Outcome

MAX_ATTEMPTS = 3  # runs of an item that end with the server's own death; then the item is what kills it
# Likewise of its worker's: apart, for a worker dies of memory that another program took. All but the last run have all
# of the memory.
MAX_WORKER_DEATHS = 4
LAST_SHARE = 0.5  # of the free memory, for the last of these runs
_LOOK_SECONDS = 0.5  # at least, from one look at who may come in to the next, however often progress is told

_WORKER_DIED = {ErrorCode.WORKER_CRASHED, ErrorCode.WORKER_HUNG}

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ItemEnding:
    """How an item's run ended."""

    result: ItemResult
    error: ErrorInfo | None  # where the outcome is "failed"
    seconds: float


class Runner:
    """The executor, and who waits for it."""

    def __init__(
        self,
        parts: JobDependencies,
        journal: Journal,
        reports: ItemEvents,
        on_ended: Callable[[Job, WorkItem, ItemEnding], None],
        on_free: Callable[[Job], None],
    ) -> None:
        """`on_ended` takes an item's end, never one of a job that had ended before.

        `on_free` is called when the last running item of an ended job has let go of its files.
        """
        self._executor = parts.executor
        self._spool = parts.spool
        self._clock = parts.clocks.monotonic
        self._journal = journal
        self._reports = reports
        self._on_ended = on_ended
        self._on_free = on_free
        self._fair_queue = FairQueue()
        self.paces = MeasuredPaces(parts.packages)
        self._giving_way = GivingWay(self._clock, self.paces)
        self._running: dict[str, RunningItem] = {}  # by key
        self._looked = -math.inf  # by the clock: when it was last seen who may come in, as progress was told
        self._queued: dict[str, tuple[Job, WorkItem]] = {}  # by key: what the queue's entries stand for
        self._tasks: set[asyncio.Task[None]] = set()  # one per running item
        self._stopping = False

    @property
    def is_idle(self) -> bool:
        """Tell whether nothing runs and nothing could."""
        return not self._tasks and not self._queued

    async def stop(self) -> None:
        """Interrupt what runs, so that it begins anew after the next start, and stop the executor."""
        self._stopping = True
        await self._executor.stop()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def enqueue(self, job: Job, work: WorkItem) -> None:
        """Let an item wait for its turn."""
        key = _key(job, work)
        work.queued = True
        self._queued[key] = (job, work)
        model = job.request.model.name if job.request.model else None
        self._fair_queue.add(QueueEntry(key, job.number, job.owner, job.submit.priority, model))

    def forget(self, job: Job) -> None:
        """Take a job's waiting items out of the queue and ask its running ones to end."""
        self._fair_queue.remove_job(job.number)
        for key, (owner_job, work) in list(self._queued.items()):
            if owner_job is job:
                work.queued = False
                del self._queued[key]
        for key in job.running:
            self._executor.cancel(key)

    def dispatch(self) -> None:
        """Give the executor what it can take, and tell the others where they stand."""
        while not self._stopping and self._taken < self._executor.capacity:
            entry = self._fair_queue.next()
            if entry is None:
                break
            self._begin(entry)
        waits_for = self._let_in()
        waiting = {job.number: job for job, _ in self._queued.values()}
        self._reports.positions(self._fair_queue.positions(), waiting, waits_for)

    @property
    def _taken(self) -> int:
        """Return how many of the executor's places are taken."""
        return sum(item.host is None for item in self._running.values())

    def _let_in(self) -> dict[int, str]:
        """Let items run in the midst of others; return who must wait until another one is ready, and at what that is.

        By the number of their jobs.
        """
        waits_for: dict[int, str] = {}
        able = self._giving_way.hosts(self._running.values())
        for entry in self._fair_queue.first_of_jobs() if able else ():
            job, work = self._queued[entry.key]
            hosts = [host for host, left in able.items() if self._giving_way.could_let_in(host, left, job, work)]
            ready = [host for host in hosts if not host.getting_ready]
            host = next((host for host in ready if not self._giving_way.owes(host)), None)
            if host and not self._stopping:
                self._fair_queue.take(entry)
                self._begin(entry, host)
            elif hosts and not ready:
                waits_for[job.number] = hosts[0].getting_ready
        return waits_for

    def _begin(self, entry: QueueEntry, host: RunningItem | None = None) -> None:
        job, work = self._queued.pop(entry.key)
        work.queued, work.running = False, True
        job.running.add(entry.key)
        item = self._running[entry.key] = RunningItem(entry.key, job, work, self._clock(), host)
        if host:
            host.guest = item
        task = asyncio.create_task(self._run(item), name=entry.key)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, item: RunningItem) -> None:
        job, work = item.job, item.work
        ending: ItemEnding | None = None
        try:
            ending = await self._attempt(item)
        except Exception as error:  # ours, not the item's: the job must not hang because of it
            _log.exception("job %s, item %s: could not be run", job.id, work.item.id)
            ending = self._failed(item, _internal(error))
        finally:
            now = self._clock()
            item.end(now)
            if item.is_taken:
                job.progress.stop()
            work.running = False
            job.running.discard(item.key)
            del self._running[item.key]
            self._tasks.discard(cast("asyncio.Task[None]", asyncio.current_task()))
            self._fair_queue.finished(job.owner, item.worked(now) if item.is_taken or not item.host else None)
        if ending and not job.ended:
            self._on_ended(job, work, ending)
        elif not job.ended and not self._stopping:
            self.enqueue(job, work)  # behind others' items: what killed its worker may do it again
        if job.ended and not job.running:
            self._on_free(job)
        self.dispatch()

    async def _attempt(self, item: RunningItem) -> ItemEnding | None:
        """Run an item and return how it ended; None where it was interrupted and shall run again."""
        job, work = item.job, item.work
        if work.row.attempts >= MAX_ATTEMPTS:
            return self._failed(item, _too_many_attempts())
        await self._count_attempt(job, work, work.row.attempts + 1)
        if job.ended:
            return None
        try:
            result = await self._execute(item)
        except (FoveateError, NotRunError) as error:
            return await self._unfinished(item, error)
        seconds = item.worked(self._clock())
        if result.outcome.status == "done" and not work.item.is_survey:  # which weighs nothing in particular
            self.paces.measure(job.request, job.progress.weight_of(work.item.id), seconds)
        return ItemEnding(result, _error_of(result.outcome), seconds)

    async def _unfinished(self, item: RunningItem, error: FoveateError | NotRunError) -> ItemEnding | None:
        """Return how an item ended that gave no result; None where it shall run again."""
        job, work = item.job, item.work
        if self._stopping or job.ended or isinstance(error, NotRunError):
            await self._count_attempt(job, work, work.row.attempts - 1)
            return None
        if item.host is not None and error.info.code is ErrorCode.OUT_OF_MEMORY:
            work.needs_room = True
            await self._count_attempt(job, work, work.row.attempts - 1)
            return None
        if error.info.code in _WORKER_DIED and work.row.worker_deaths + 1 < MAX_WORKER_DEATHS:
            await self._count_worker_death(job, work, error)
            return None
        return self._failed(item, error.info)

    async def _execute(self, item: RunningItem) -> ItemResult:
        job, work = item.job, item.work
        files = self._spool.files(job.number)
        output = await self._spool.in_files_thread(files.work, work.item.id)
        share = LAST_SHARE if _is_last_try(work) else 1.0
        task = Task(_task_job(job), job.request, work.item, self._windows(job, work), output, share)
        parts = PartKeeper(self, item)
        if job.ended or self._stopping:  # until now the executor did not know the task
            raise CancelledJobError("The job has ended.")
        try:
            return await self._executor.run(task, parts.listen, item.host.key if item.host else None)
        finally:
            try:
                await parts.settle()  # where a part was not stored, this is the error that counts
            finally:
                await self._spool.in_files_thread(files.wipe_work, work.item.id)

    def _windows(self, job: Job, work: WorkItem) -> dict[str, WindowFile]:
        files = self._spool.files(job.number)
        rows = [job.windows[request.id] for request in work.item.windows]
        return {
            row.id: WindowFile(
                row.bounds,
                row.extent,
                files.window_pixels(row.id),
                files.window_coverage(row.id) if row.coverage_format else None,
                row.coverage_format,
                row.source,
                job.request.source(row.source).format,
            )
            for row in rows
        }

    async def _count_attempt(self, job: Job, work: WorkItem, attempts: int) -> None:
        work.row = replace(work.row, attempts=attempts)
        if not job.ended:
            await self._journal.write([put_item(job.number, work.row)])

    async def _count_worker_death(self, job: Job, work: WorkItem, error: FoveateError) -> None:
        _log.warning("job %s, item %s: its worker died; it is tried again", job.id, work.item.id)
        work.row = replace(work.row, worker_deaths=work.row.worker_deaths + 1)
        again = Sentence("{reason} What it was at is tried again.", reason=error.info.message)
        if _is_last_try(work):
            again = Sentence(
                "{reason} What it was at is tried once more, with half of the memory.", reason=error.info.message
            )
        self._reports.task_event(job, work, TaskNote(again))
        await self._count_attempt(job, work, work.row.attempts - 1)

    def _failed(self, item: RunningItem, error: ErrorInfo) -> ItemEnding:
        outcome = Outcome(item.work.item.id, "failed", str(error))
        return ItemEnding(ItemResult(outcome), error, item.worked(self._clock()))

    # --- for PartKeeper ---

    async def keep_part(self, job: Job, work: WorkItem, part: TaskPart) -> None:
        """Move the files of a part of the result into the spool and tell of it. Raises FoveateError."""
        files = self._spool.files(job.number)
        check_part(part, job, work)
        key = key_of(part)
        kept = await self._spool.in_files_thread(files.keep, part.files)
        if job.ended or key in work.kept:
            await self._spool.in_files_thread(files.drop, kept)
            return
        try:
            written = self._reports.part(job, work, part, kept)
        except ProtocolError as error:
            await self._spool.in_files_thread(files.drop, kept)
            raise ServerError(
                "The operation made a malformed part of its result: {reason}",
                remedy="Please report this.",
                reason=error,
            ) from error
        work.kept.add(key)
        await written

    def report(self, item: RunningItem, event: TaskEvent) -> None:
        """Tell of anything but a part of the result; see who may come in by now."""
        if isinstance(event, TaskBegan):
            item.begin(self._clock())
            item.job.progress.start()
        if not item.job.ended:
            self._reports.task_event(item.job, item.work, event)
            if item.host and isinstance(event, TaskBegan):
                self._reports.gave_way(item.host.job)
        if item.take_note_of(event):
            self.dispatch()
        elif isinstance(event, (TaskBegan, TaskProgress)):
            self._look_again()

    def _look_again(self) -> None:
        """See who may come in by now: a running item can give way, or has worked for long enough to do it again."""
        now = self._clock()
        if self._queued and not self._stopping and now >= self._looked + _LOOK_SECONDS:
            self._looked = now
            self.dispatch()

    def interrupt(self, key: str) -> None:
        """Ask a running task to end."""
        self._executor.cancel(key)


class PartKeeper:
    """Takes the events of one run; stores the parts of the result in their order, one at a time."""

    def __init__(self, runner: Runner, item: RunningItem) -> None:
        self._runner = runner
        self._item = item
        self._order = asyncio.Lock()  # first come, first served
        self._tasks: list[asyncio.Task[None]] = []
        self._error: FoveateError | None = None  # what kept a part from being stored; later ones are pointless

    def listen(self, event: TaskEvent) -> None:
        """Take an event of the executor."""
        if isinstance(event, TaskPart):
            self._tasks.append(asyncio.create_task(self._keep(event)))
        else:
            self._runner.report(self._item, event)

    async def settle(self) -> None:
        """Wait until all parts are stored. Raises the FoveateError that kept one from it."""
        await asyncio.gather(*self._tasks)
        if self._error:
            raise self._error

    async def _keep(self, part: TaskPart) -> None:
        async with self._order:
            if self._error:
                return
            try:
                await self._runner.keep_part(self._item.job, self._item.work, part)
            except FoveateError as error:
                self._fail(error)
            except Exception as error:
                job, work = self._item.job, self._item.work
                _log.exception("job %s, item %s: a part could not be stored", job.id, work.item.id)
                self._fail(ServerError(_internal(error).message))

    def _fail(self, error: FoveateError) -> None:
        self._error = error
        self._runner.interrupt(self._item.key)


def _is_last_try(work: WorkItem) -> bool:
    """Tell whether an item fails if its worker dies once more."""
    return work.row.worker_deaths + 1 >= MAX_WORKER_DEATHS


def _task_job(job: Job) -> str:
    """Return a name for the executor: clients mint ids, so two owners could use the same one."""
    return f"{job.id}.{job.number}"


def _key(job: Job, work: WorkItem) -> str:
    """Return what will be `Task.key`."""
    return f"{_task_job(job)}/{work.item.id}"


def _error_of(outcome: Outcome) -> ErrorInfo | None:
    if outcome.status != "failed":
        return None
    return ServerError(outcome.message or "The item failed.").info


def _internal(error: Exception) -> ErrorInfo:
    return ServerError(
        "The server failed with an unexpected {error}.",
        remedy="Its log says more; please report it.",
        error=type(error).__name__,
    ).info


def _too_many_attempts() -> ErrorInfo:
    return ServerError(
        "The server died {times} times while this was running, so it is not tried again.",
        code=ErrorCode.WORKER_CRASHED,
        remedy="Try a smaller region, and look into the server's log.",
        times=MAX_ATTEMPTS,
    ).info
