"""The life of all jobs: from submit to ack, across disconnects and restarts. Lives in the event loop."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Container, Coroutine, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from foveate_server.jobs.accept import JobAcceptance
from foveate_server.jobs.dependencies import JobDependencies
from foveate_server.jobs.event_log import EventLog, Listener
from foveate_server.jobs.expiry import Expiry, RunningTime
from foveate_server.jobs.item_events import ItemEvents
from foveate_server.jobs.job import Job, WorkItem, window_row
from foveate_server.jobs.journal import Journal
from foveate_server.jobs.not_whole import not_whole
from foveate_server.jobs.recipe import EngineUse, complete, merge
from foveate_server.jobs.recovery import restore
from foveate_server.jobs.runner import ItemEnding, Runner
from foveate_server.operations.contract import ItemResult
from foveate_server.operations.parameters.roles import Roles
from foveate_server.spool.database import (
    Change,
    delete_job,
    forget_failures,
    put_item,
    put_window,
    set_offered,
    set_recipe,
    set_state,
)
from foveate_server.spool.database_rows import ExpiredRow, Owner
from foveate_server.spool.job_files import Upload
from foveate_server.spool.store import StoredJob
from foveate_server.status.report import ErrorStatus
from foveate_shared.errors import ErrorCode, ErrorInfo, InputError, ProtocolError, ServerError
from foveate_shared.wire.protocol import (
    Cancelled,
    Done,
    Failed,
    ItemEnded,
    JobSummary,
    JsonObject,
    Outcome,
    Submit,
    Window,
    Windows,
)

STOP_SECONDS = 5.0  # that the end of the server waits for files to be written and deleted
REMEMBERED_ERRORS = 10  # for the status page

Result = TypeVar("Result")

_log = logging.getLogger(__name__)


class JobManager:
    """All jobs of one server. Methods that take an owner see that owner's jobs alone."""

    def __init__(self, parts: JobDependencies) -> None:
        self._parts = parts
        self._spool = parts.spool
        self._journal = Journal(parts.spool)
        self._running = RunningTime(parts.clocks.monotonic)
        self._expiry = Expiry(parts.config, parts.spool, self._running)
        self._publisher = EventLog(self._journal, self._running, parts.clocks.now)
        reports = ItemEvents(self._publisher)
        self._runner = Runner(parts, self._journal, reports, self._item_ended, self._tidy)
        self._jobs: dict[tuple[Owner, str], Job] = {}  # by owner and the client's id, oldest first
        self._intake = JobAcceptance(parts, self._publisher, self._journal, self._jobs, self._runner.paces)
        self._chores: set[asyncio.Task[Any]] = set()  # work under way that must come to its end
        self._idle_since: float | None = parts.clocks.monotonic()
        self.engine = EngineUse()
        self.errors: deque[ErrorStatus] = deque(maxlen=REMEMBERED_ERRORS)  # newest first

    # --- the server's life ---

    async def start(self) -> None:
        """Go on with what the spool holds. The executor must be ready."""
        stored = await self._spool.recover()
        await self._expiry.start()
        await self._intake.start()
        self._journal.start()
        for entry in stored:
            self._restore(entry)
        for job in list(self._jobs.values()):
            self._advance(job)

    def _restore(self, entry: StoredJob) -> None:
        try:
            job = restore(entry, self._parts.clocks.monotonic, self._parts.config.safety)
        except Exception:  # one job that we cannot read must not keep the others from going on
            _log.exception("job %s: cannot be restored; its files stay", entry.row.job)
            return
        self._jobs[job.owner, job.id] = job

    async def stop(self) -> None:
        """Interrupt what runs, to be begun anew after the next start, and write everything."""
        self._intake.stop()
        await self._runner.stop()
        await self._finish_chores()
        self._journal.write([self._expiry.keep_time()])
        await self._journal.stop()  # which may have brought more to delete
        await self._finish_chores()

    async def _finish_chores(self) -> None:
        if self._chores:  # bounded: on a full disk they would wait for room
            await asyncio.wait(self._chores, timeout=STOP_SECONDS)

    @property
    def jobs(self) -> list[Job]:
        """Return all jobs, oldest first."""
        return list(self._jobs.values())

    @property
    def connections(self) -> int:
        """Return the number of open connections."""
        return self._publisher.listener_count

    @property
    def is_idle(self) -> bool:
        """Tell whether nobody is connected, nothing runs and nothing could."""
        return not self._publisher.listener_count and self._runner.is_idle

    @property
    def idle_seconds(self) -> float:
        """Return for how long it has been idle; 0 while it is not."""
        if not self.is_idle or self._idle_since is None:
            return 0.0
        return self._parts.clocks.monotonic() - self._idle_since

    def connect(self, owner: Owner, listener: Listener) -> None:
        """Tell `listener` of the owner's new jobs, and of those that it asks for with :meth:`resume`."""
        self._publisher.connect(owner, listener)
        self._touch()

    def disconnect(self, owner: Owner, listener: Listener) -> None:
        """Tell `listener` no more. The owner's jobs go on."""
        self._publisher.disconnect(owner, listener)
        self._touch()

    # --- what clients ask for ---

    async def submit(self, owner: Owner, submit: Submit, profiles: Mapping[str, bytes]) -> tuple[Job, bool]:
        """Store a job and plan it. Return it, and whether it is new. `profiles` are its ICC profiles, by source.

        Raises FoveateError where it cannot be taken: nothing is stored then.
        """
        return await self._to_its_end(self._submit(owner, submit, profiles))

    async def _submit(self, owner: Owner, submit: Submit, profiles: Mapping[str, bytes]) -> tuple[Job, bool]:
        job, is_new = await self._intake.take(owner, submit, profiles)
        if is_new:
            _log.info("job %s: accepted, %s", job.id, submit.operation)
            self._advance(job)
        return job, is_new

    def find(self, owner: Owner, job: str) -> Job:
        """Return a job of `owner`. Raises InputError (unknown_job) where there is none."""
        found = self._jobs.get((owner, job))
        if found is None:
            raise _unknown(job, is_expired=any(row.job == job for row in self.expired(owner)))
        return found

    def ask_again(self, job: Job) -> None:
        """Ask for the windows that are still wanted: on a connection that resumed the job."""
        requests = job.wanted_requests()
        if requests and not job.ended:
            self._publisher.lasting(job, Windows, requests=requests)

    async def deliver(self, job: Job, window: Window, pixels: Upload, coverage: Upload | None) -> None:
        """Take a window's complete files. Raises InputError where they are no answer to what was asked."""
        await self._to_its_end(self._deliver(job, window, pixels, coverage))

    async def _deliver(self, job: Job, window: Window, pixels: Upload, coverage: Upload | None) -> None:
        if not job.check_window(window):
            pixels.abort()
            if coverage:
                coverage.abort()
            return
        files = self._spool.files(job.number)
        row = window_row(window, job.asked[window.window])
        job.arriving.add(row.id)
        try:
            await self._spool.in_files_thread(files.keep_window, row.id, pixels, coverage)
        finally:
            job.arriving.discard(row.id)
        if job.ended:  # meanwhile
            await self._spool.in_files_thread(files.wipe_window, row)
            return
        job.windows[row.id] = row
        self._journal.write([put_window(job.number, row)])
        self._advance(job)

    async def retry(self, job: Job) -> None:
        """Try again what failed of a job, where that can be resumed; its finished parts stay."""
        if job.is_resumable:
            await self._to_its_end(self._retry(job))

    async def _retry(self, job: Job) -> None:
        rows = job.reopen()
        job.touched = self._running()  # its end may be long ago
        changes = [put_item(job.number, row) for row in rows]
        unseen = set_offered(job.number, job.touched, offered=False)
        await self._journal.write([set_state(job.number, "open"), unseen, forget_failures(job.number), *changes])
        _log.info("job %s: %d items are tried again", job.id, len(rows))
        self._advance(job)

    def cancel(self, owner: Owner, job_id: str) -> bool:
        """End a job as cancelled; False where it had ended. Raises InputError where there is none."""
        return self._cancel(self.find(owner, job_id))

    def cancel_numbered(self, number: int) -> bool:
        """End whoever's job has the spool's `number` as cancelled; else as :meth:`cancel`."""
        found = next((job for job in self.jobs if job.number == number), None)
        if found is None:
            raise _unknown(str(number))
        return self._cancel(found)

    def _cancel(self, job: Job) -> bool:
        if job.ended:
            return False
        self._end(job, "cancelled", Cancelled)
        return True

    def cancel_jobs_of(self, tokens: Container[str]) -> None:
        """End all that is unfinished of owners whose tokens are among `tokens`: nobody can come for it any more.

        For the same reason what has ended is not kept for them until they have seen it.
        """
        for job in self.jobs:
            if job.owner.token in tokens:
                if self._cancel(job):
                    _log.warning("job %s: the token %s was revoked", job.id, job.owner.token)
                self.offer(job)

    def fail(self, job: Job, error: ErrorInfo) -> None:
        """End a job because of something outside its items, such as a full disk."""
        if not job.ended:
            self._fail(job, error)

    def acknowledge(self, owner: Owner, job_id: str) -> None:
        """Forget an ended job. An unknown one was acknowledged before. Raises InputError where it has not ended."""
        job = self._jobs.get((owner, job_id))
        if job is None:
            return
        if not job.ended:
            raise InputError(
                "Job {job} has not ended.",
                code=ErrorCode.CONFLICT,
                remedy="Cancel it first, or wait for its end.",
                job=job_id,
            )
        self._forget(job)

    def offer(self, job: Job) -> None:
        """Take that the owner is told of a job; where that has ended, it may go from now on: later, or for its room."""
        if job.ended and not job.offered and not job.forgotten:
            job.offered, job.touched = True, self._running()
            self._journal.write([set_offered(job.number, job.touched, offered=True)])

    def expired(self, owner: Owner) -> tuple[ExpiredRow, ...]:
        """Return the owner's jobs that went without its word, oldest first."""
        return self._expiry.of(owner)

    def summaries(self, owner: Owner) -> tuple[JobSummary, ...]:
        """Return the owner's jobs, oldest first."""
        return tuple(job.summary for job in self._jobs.values() if job.owner == owner)

    def expire(self) -> int:
        """Forget the jobs whose time is over, or whose room is needed, and return how many they were."""
        self._journal.write([self._expiry.keep_time()])
        due = self._expiry.due(self.jobs)
        for job in due:
            self._journal.write([self._expiry.remember(job)])
            self._forget(job)
        return len(due)

    # --- what follows ---

    def _advance(self, job: Job) -> None:
        """Do whatever can be done now: ask for windows, queue items, end the job, delete what is not needed."""
        if not job.ended and job.is_complete():
            self._finish(job)
        if not job.ended:
            requests = job.next_requests()
            if requests:
                job.asked.update((request.id, request) for request in requests)
                self._publisher.lasting(job, Windows, requests=requests)
            for work in job.ready_items():
                self._runner.enqueue(job, work)
        self._tidy(job)
        self._runner.dispatch()
        self._touch()

    def _item_ended(self, job: Job, work: WorkItem, ending: ItemEnding) -> None:
        # The name is ours to know: an operation cannot end another item than the one that ran.
        outcome, error = replace(ending.result.outcome, item=work.item.id), ending.error
        try:
            self._record(job, work, outcome, ending)
        except (ProtocolError, ValueError, TypeError):
            _log.exception("job %s, item %s: the outcome cannot be sent", job.id, work.item.id)
            error = ServerError("The operation gave a result that cannot be sent.", remedy="Please report this.").info
            outcome = Outcome(work.item.id, "failed", str(error))
            self._record(job, work, outcome, ItemEnding(ItemResult(outcome), error, ending.seconds))
        if error:
            self._remember(job, error)
        self._parts.metrics.item_ended(job.submit.operation, outcome.status, ending.seconds)
        self._advance(job)

    def _record(self, job: Job, work: WorkItem, outcome: Outcome, ending: ItemEnding) -> None:
        """Store an item's end, and what follows from it, in one transaction."""
        row = replace(work.row, outcome=outcome, error=ending.error)
        recipe = merge(job.recipe, ending.result.recipe)
        self.engine = self.engine.then(ending.result.recipe)
        changes: list[Change] = [put_item(job.number, row), set_recipe(job.number, recipe)]
        new = job.new_items(ending.result.next_items)
        changes += [put_item(job.number, added) for added in new]
        self._publisher.lasting(job, ItemEnded, changes, outcome=outcome)
        work.row, job.recipe = row, recipe
        job.add_items(new)
        job.progress.end(outcome)

    def _finish(self, job: Job) -> None:
        outcomes = job.outcomes
        errors = [work.row.error for work in job.items.values() if work.row.error]
        if len(errors) == len(outcomes):
            self._fail(job, errors[0])
            return
        if errors and job.is_new_image:
            self._fail(job, not_whole(errors, len(outcomes)))
            return
        try:
            self._end(job, "done", Done, outcomes=outcomes, recipe=self._recipe(job))
        except ProtocolError:
            _log.exception("job %s: its recipe cannot be sent", job.id)
            self._fail(job, ServerError("The job's recipe cannot be sent.", remedy="Please report this.").info)

    def _fail(self, job: Job, error: ErrorInfo) -> None:
        self._remember(job, error)
        recipe = self._recipe(job) if job.keeps_finished else None
        try:
            self._end(job, "failed", Failed, error=error, outcomes=job.outcomes, recipe=recipe)
        except ProtocolError:
            _log.exception("job %s: its recipe cannot be sent", job.id)
            self._end(job, "failed", Failed, error=error, outcomes=job.outcomes, recipe={} if recipe else None)

    def _recipe(self, job: Job) -> JsonObject:
        operation = self._parts.operations.get(job.submit.operation)  # its package may be gone since
        roles = Roles.of(operation.parameters.schema) if operation else Roles()
        return complete(job.recipe, job.submit, job.request.parameters, job.inputs, self._parts.version, roles=roles)

    def _end(self, job: Job, state: str, event: type[Done | Failed | Cancelled], **fields: Any) -> None:
        self._publisher.lasting(job, event, [set_state(job.number, state)], **fields)
        job.state = state
        if self._publisher.is_followed(job):
            self.offer(job)
        self._runner.forget(job)
        self._parts.metrics.job_ended(job.submit.operation, state)
        _log.info("job %s: %s", job.id, state)
        self._tidy(job)
        self._runner.dispatch()
        self._touch()

    def _forget(self, job: Job) -> None:
        del self._jobs[job.owner, job.id]
        job.forget()
        self._runner.forget(job)
        first, *rest = delete_job(job.number, max(len(job.items), job.seq))
        self._journal.write([first], lambda: self._tidy(job))
        self._start(self._journal.write_one_by_one([change] for change in rest))
        self._publisher.closed(job)

    def _tidy(self, job: Job) -> None:
        """Delete files that nobody needs any more; nothing while items of an ended job still read them."""
        if job.ended and job.running:
            return
        files = self._spool.files(job.number)
        if job.forgotten:
            self._start(self._spool.in_files_thread(files.wipe))
            return
        for row in job.unneeded_windows():
            self._journal.write([put_window(job.number, job.forget_window(row))])
            self._start(self._spool.in_files_thread(files.wipe_window, row))

    def _start(self, chore: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        task = asyncio.create_task(chore)
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)
        return task

    async def _to_its_end(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Do `work`; its caller's connection may be lost meanwhile, and files and rows must not be left half-way."""
        return await asyncio.shield(self._start(work))

    def _remember(self, job: Job, error: ErrorInfo) -> None:
        _log.warning("job %s: %s", job.id, error.code.value)
        self.errors.appendleft(ErrorStatus(self._parts.clocks.now(), error.code.value, error.message, job.id))

    def _touch(self) -> None:
        """Note when idleness began or ended."""
        if not self.is_idle:
            self._idle_since = None
        elif self._idle_since is None:
            self._idle_since = self._parts.clocks.monotonic()


def _unknown(job: str, *, is_expired: bool = False) -> InputError:
    return InputError(
        "There is no job {job} here.",
        code=ErrorCode.EXPIRED if is_expired else ErrorCode.UNKNOWN_JOB,
        remedy="Its result was taken or dropped, it was kept for too long, or another server has it: submit it again.",
        job=job,
    )
