"""Taking submitted jobs: checked, planned and stored, or refused as if nothing had been."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any
from weakref import WeakValueDictionary

from foveate_server.config.parse_values import size_text
from foveate_server.jobs.dependencies import JobDependencies
from foveate_server.jobs.event_log import EventLog
from foveate_server.jobs.expected_time import MeasuredPaces
from foveate_server.jobs.job import Job
from foveate_server.jobs.journal import Journal
from foveate_server.jobs.planning_threads import PlanningThreads
from foveate_server.jobs.recipe import content_hash
from foveate_server.jobs.validation import check_plan, check_submit
from foveate_server.operations.contract import JobRequest, Plan
from foveate_server.operations.operation import Operation
from foveate_server.operations.package_failure import failure_of
from foveate_server.presets import load_presets
from foveate_server.spool.database import Change, delete_job, insert_job, put_items
from foveate_server.spool.database_rows import JobRow, Owner
from foveate_shared.errors import ErrorCode, FoveateError, InputError, RefusedError, ResourceError, to_exception
from foveate_shared.wire.codec import encode
from foveate_shared.wire.protocol import Accepted, Note, Planned, Submit

_log = logging.getLogger(__name__)
CHANGES_AT_ONCE = 10  # of a job that are stored together, each of a hundred items
KEPT_PER_OPEN_JOB = 16  # an owner may keep so many times more ended jobs than open ones


class JobAcceptance:
    """Takes jobs. What takes long is done in threads, and nobody waits for another one's plan."""

    def __init__(
        self,
        parts: JobDependencies,
        publisher: EventLog,
        journal: Journal,
        jobs: dict[tuple[Owner, str], Job],
        paces: MeasuredPaces,
    ) -> None:
        """`jobs` is the manager's; new ones are added. `paces` are those that it measured."""
        self._parts = parts
        self._paces = paces
        self._publisher = publisher
        self._journal = journal
        self._jobs = jobs
        self._next_number = 1
        # The same job may come on two connections at once. Kept as long as somebody holds one, or waits for it.
        self._turns: WeakValueDictionary[tuple[Owner, str], asyncio.Lock] = WeakValueDictionary()
        self._coming: Counter[Owner] = Counter()  # jobs that are being planned, which are not among `jobs` yet
        self._planning = PlanningThreads(parts.config.rates.connections)

    async def start(self) -> None:
        """Go on counting where the spool stands."""
        self._next_number = await self._parts.spool.next_number()

    def stop(self) -> None:
        """Plan no more jobs: those that wait for it are refused; one whose plan is being made may still be taken."""
        self._planning.stop()

    async def take(self, owner: Owner, submit: Submit, profiles: Mapping[str, bytes]) -> tuple[Job, bool]:
        """Return the job, stored, and whether it is new. Raises FoveateError where it cannot be taken."""
        turn = self._turns.setdefault((owner, submit.job), asyncio.Lock())
        async with turn:
            content = content_hash(submit)
            known = self._jobs.get((owner, submit.job))
            if known:
                return _same(known, content), False
            with self._place(owner):
                request, notes = await asyncio.to_thread(self._check, submit, profiles)
                number, self._next_number = self._next_number, self._next_number + 1
                planned = partial(self._planned, owner, submit, content, request, number)
                job, plan, rows = await self._planning.run(owner, request.region.area, planned)
                await self._check_disk(plan, request)
                rest = await self._store_ahead(number, rows)
                self._jobs[owner, submit.job] = job
            await self._publish(job, plan, rest)
            for note in notes:
                self._publisher.lasting(job, Note, text=note)
            return job, True

    @contextmanager
    def _place(self, owner: Owner) -> Iterator[None]:
        """Count a job that comes. Raises RefusedError where the owner may have no more."""
        self._check_room(owner)
        self._coming[owner] += 1
        try:
            yield
        finally:
            self._coming[owner] -= 1
            if not self._coming[owner]:
                del self._coming[owner]

    def _check(self, submit: Submit, profiles: Mapping[str, bytes]) -> tuple[JobRequest, tuple[str, ...]]:
        config, catalog = self._parts.config, self._parts.catalog()
        request, notes = check_submit(
            submit,
            profiles,
            operations=self._parts.operations,
            catalog=catalog,
            limits=config.limits,
            presets=lambda: load_presets(config.presets_file),
            safety=config.safety,
        )
        if request.model is not None:
            self._paces.know(catalog.by_name[request.model.name])
        return request, notes

    def _plan(self, operation: Operation[Any], request: JobRequest) -> Plan:
        """Return an operation's plan. Raises FoveateError where it has none; a bug is its package's fault, if any."""
        try:
            return operation.plan(request, operation.parameters.parse(request.parameters))
        except FoveateError:
            raise
        except Exception as error:
            info = failure_of(operation.name, self._parts.packages)
            if info is None:
                raise
            _log.exception("the operation %s could not plan", operation.name)
            raise to_exception(info) from error

    def _planned(
        self, owner: Owner, submit: Submit, content: str, request: JobRequest, number: int
    ) -> tuple[Job, Plan, list[Change]]:
        """Plan a job; return it with its items, the plan, and the changes that store them all. Runs in a thread."""
        operation = self._parts.operations[submit.operation]
        plan = self._plan(operation, request)
        check_plan(plan, operation, request)
        now = self._parts.clocks.now()
        row = JobRow(
            number=number,
            owner=owner,
            job=submit.job,
            content=content,
            submit=encode(submit),
            parameters=request.parameters,
            icc=request.icc,
            plan=replace(plan, items=()),
            state="open",
            recipe={},
            seq=0,
            created=now,
            updated=now,
            touched=self._publisher.running(),
            model=request.model,
            picture_profiles={name: each.icc for name, each in request.pictures.items() if each.icc},
        )
        job = Job(row, submit, request, self._parts.clocks.monotonic)
        items = job.new_items(plan.items)
        job.add_items(items)
        return job, plan, [insert_job(row), *put_items(number, items)]

    async def _store_ahead(self, number: int, rows: Sequence[Change]) -> Sequence[Change]:
        """Make the job's folder, and store a large one piece by piece, so that others are served in between.

        Return the last piece. Until its first event is stored with that, the job counts for nothing: a server that
        starts forgets it, and so does this one where it comes to no end.
        """
        spool, files = self._parts.spool, self._parts.spool.files(number)
        *pieces, last = [rows[start : start + CHANGES_AT_ONCE] for start in range(0, len(rows), CHANGES_AT_ONCE)]
        try:
            await spool.in_files_thread(files.create)
            await self._journal.write_one_by_one(pieces)
        except BaseException:
            self._journal.write(delete_job(number))
            await spool.in_files_thread(files.wipe)
            raise
        return last

    async def _publish(self, job: Job, plan: Plan, rows: Sequence[Change]) -> None:
        """Store the job, and tell its owner."""
        self._publisher.opened(job)
        self._journal.write(rows)
        self._publisher.lasting(job, Accepted)
        expected = self._paces.expect(job.request, plan)
        await self._publisher.lasting(
            job,
            Planned,
            frame=plan.frame,
            extent=plan.extent,
            summary=plan.summary,
            kind=plan.kind,
            seconds=expected.seconds,
            is_measured=expected.is_measured,
        )

    def _check_room(self, owner: Owner) -> None:
        own = [job for (other, _), job in self._jobs.items() if other == owner]
        most = self._parts.config.limits.max_open_jobs
        if sum(not job.ended for job in own) + self._coming[owner] >= most:
            raise RefusedError(
                "You have {most} unfinished jobs on this server, which is the most it takes.",
                code=ErrorCode.QUEUE_FULL,
                remedy="Wait until one has ended, or cancel one.",
                most=most,
            )
        if len(own) >= most * (1 + KEPT_PER_OPEN_JOB):
            raise RefusedError(
                "The server keeps {count} results for you that were never taken.",
                code=ErrorCode.QUEUE_FULL,
                remedy="Take or discard them, in the editor's list or with `foveate jobs`.",
                count=len(own),
            )

    async def _check_disk(self, plan: Plan, request: JobRequest) -> None:
        """Refuse at once what could not even begin, and what could never end."""
        account, windows = self._parts.spool.account, plan.items[0].windows
        if plan.makes_new_image:
            _check_result(request.format.size(plan.extent), account.quota)
        needed = sum(request.source(window.source).format.size(window.extent) for window in windows)
        if needed <= account.quota < account.used + needed:
            await self._check_unseen(needed)
        account.check(needed)

    async def _check_unseen(self, needed: int) -> None:
        """Raise ResourceError where results that do not go by themselves leave no room for `needed` bytes."""
        unseen = [self._parts.spool.files(job.number) for job in self._jobs.values() if job.is_unseen]
        size = await asyncio.to_thread(lambda: sum(files.size() for files in unseen))
        if size + needed > self._parts.spool.account.quota:
            raise ResourceError(
                "The server's job store is full: of the {quota} that it may take, {size} are results that their owners "
                "have not seen yet.",
                code=ErrorCode.STORAGE_FULL,
                remedy="They stay until their owners come for them: `foveate jobs --all` tells whose they are. "
                "Or raise spool_quota in the server's settings.",
                quota=size_text(self._parts.spool.account.quota),
                size=size_text(size),
            )


def _check_result(size: int, quota: int) -> None:
    """Raise ResourceError where a new image of `size` bytes is more than the job store may ever take."""
    if size > quota:
        raise ResourceError(
            "The result takes {size}, and the server's job store may take {quota} in all.",
            code=ErrorCode.STORAGE_FULL,
            remedy="Select less, enlarge it less, or raise spool_quota in the server's settings.",
            size=size_text(size),
            quota=size_text(quota),
        )


def _same(job: Job, content: str) -> Job:
    if job.row.content == content:
        return job
    raise InputError(
        "There is another job with the id {job}.",
        code=ErrorCode.CONFLICT,
        remedy="Mint a new id for each job.",
        job=job.id,
    )
