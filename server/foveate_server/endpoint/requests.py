"""What a client can ask for, carried out."""

from __future__ import annotations

import asyncio

from foveate_server.endpoint.client_version import needed_by_job, too_old
from foveate_server.endpoint.inbox import uploads_of
from foveate_server.endpoint.outbox import Outbox
from foveate_server.jobs.job import Job
from foveate_server.jobs.job_request import profile_names
from foveate_server.jobs.manager import JobManager
from foveate_server.models.catalog import LookUp
from foveate_server.spool.database_rows import Owner
from foveate_shared.errors import ErrorCode, FoveateError
from foveate_shared.wire.blobs import Delivery
from foveate_shared.wire.protocol import (
    Ack,
    Cancel,
    ExpiredJob,
    Jobs,
    JobSummary,
    ListJobs,
    ListModels,
    Message,
    Models,
    Problem,
    Resume,
    Submit,
    Window,
)


class Requests:
    """The requests of one connection."""

    def __init__(self, manager: JobManager, outbox: Outbox, owner: Owner, catalog: LookUp, version: int) -> None:
        """`version` of the protocol is what was agreed on."""
        self._manager = manager
        self._outbox = outbox
        self._owner = owner
        self._catalog = catalog
        self._version = version

    async def carry_out(self, delivery: Delivery) -> None:
        """Do what a complete message asks for. Raises FoveateError where that cannot be done."""
        message = delivery.message
        if isinstance(message, Submit):
            await self._submit(message, delivery)
        elif isinstance(message, Window):
            await self._window(message, delivery)
        elif isinstance(message, Resume):
            await self._resume(message)
        elif isinstance(message, Cancel):
            self._cancel(message)
        elif isinstance(message, Ack):
            self._manager.acknowledge(self._owner, message.job)
        elif isinstance(message, ListJobs):
            self._outbox.post(Jobs(message.request, self._summaries(), self._expired()))
        elif isinstance(message, ListModels):
            catalog = await asyncio.to_thread(self._catalog)
            self._outbox.post(Models(message.request, catalog.listing))

    def refuse(self, message: Message | None, error: FoveateError) -> None:
        """Say why a request was not carried out."""
        if error.info.code is ErrorCode.STORAGE_FULL and isinstance(message, Window):
            # The job could wait for room, but nobody would know for what: its failure says it.
            self._manager.fail(self._manager.find(self._owner, message.job), error.info)
            return
        job = getattr(message, "job", None)
        request = getattr(message, "request", None)
        self._outbox.post(Problem(error.info, job=job, request=request))

    def _summaries(self) -> tuple[JobSummary, ...]:
        return tuple(
            summary
            for summary in self._manager.summaries(self._owner)
            if self._is_offered(self._manager.find(self._owner, summary.job))
        )

    def _is_offered(self, job: Job) -> bool:
        if needed_by_job(job) > self._version:
            return False
        self._manager.offer(job)
        return True

    def _expired(self) -> tuple[ExpiredJob, ...]:
        return tuple(ExpiredJob(row.job, row.operation, row.created) for row in self._manager.expired(self._owner))

    async def _submit(self, message: Submit, delivery: Delivery) -> None:
        payloads = [bytes(payload) for payload in delivery.payloads if isinstance(payload, bytearray)]
        if len(payloads) != len(delivery.payloads):
            return  # refused at its declaration
        profiles = dict(zip(profile_names(message), payloads, strict=True))
        job, is_new = await self._manager.submit(self._owner, message, profiles)
        if not is_new:
            self._manager.offer(job)
            self._outbox.follow(job, 0)
            self._manager.ask_again(job)

    async def _window(self, message: Window, delivery: Delivery) -> None:
        uploads = uploads_of(delivery)
        if uploads is None:
            return
        try:
            for upload in uploads:
                if upload.error:
                    raise upload.error
            pixels, *coverage = uploads
            job = self._manager.find(self._owner, message.job)
            await self._manager.deliver(job, message, pixels, coverage[0] if coverage else None)
        except FoveateError:
            for upload in uploads:
                upload.abort()
            raise

    async def _resume(self, message: Resume) -> None:
        job = self._manager.find(self._owner, message.job)
        if needed_by_job(job) > self._version:
            raise too_old(f"Job {job.id}")
        if message.retry:
            await self._manager.retry(job)
        self._manager.offer(job)
        self._outbox.follow(job, message.since)
        self._manager.ask_again(job)

    def _cancel(self, message: Cancel) -> None:
        if not self._manager.cancel(self._owner, message.job):
            self._outbox.repeat_ending(self._manager.find(self._owner, message.job))
