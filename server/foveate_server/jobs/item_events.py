"""What is told of running items."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Mapping

from foveate_server.jobs.event_log import EventLog
from foveate_server.jobs.job import Job, WorkItem
from foveate_server.spool.database_rows import StoredEvent
from foveate_server.spool.job_files import PatchFiles
from foveate_server.tasks.task import TaskEvent, TaskNote, TaskPatch, TaskPreview, TaskProgress
from foveate_shared.pixels import Channels, PixelFormat, SampleType
from foveate_shared.wire.protocol import Blob, Note, Patch, Pixels, Preview, Progress, Queued, Started

MAX_NOTES = 100  # of one job: they are stored, and a chatty operation must not fill the disk
MAX_NOTE = 1000  # characters
_PREVIEW_FORMAT = PixelFormat(SampleType.U8, Channels.RGB)
_UNHASHED = "0" * 64  # of a preview: whoever sends it knows its bytes, and its hash


class ItemEvents:
    """Turns what the executor says into events."""

    def __init__(self, publisher: EventLog) -> None:
        self._publisher = publisher

    def positions(self, positions: Mapping[Hashable, int], waiting: Mapping[int, Job]) -> None:
        """Tell the jobs that wait, by number, how many items run before theirs, where that changed."""
        for number, job in waiting.items():
            position = None if job.running else positions.get(number)
            if position is not None and position != job.position:
                self._publisher.fleeting(job, Queued, position=position)
            job.position = position

    def started(self, job: Job, work: WorkItem) -> None:
        """Tell that an item runs."""
        job.position = None
        job.stage = work.item.stage
        self._publisher.fleeting(job, Started, item=work.item.id)

    def task_event(self, job: Job, work: WorkItem, event: TaskEvent) -> None:
        """Tell of progress, a note or a preview."""
        if isinstance(event, TaskProgress):
            self._progress(job, work, event)
        elif isinstance(event, TaskNote):
            self._note(job, event)
        elif isinstance(event, TaskPreview):
            pixels = Pixels(event.extent, _PREVIEW_FORMAT, Blob(1, len(event.pixels), _UNHASHED))
            self._publisher.fleeting(job, Preview, event.pixels, bounds=event.bounds, pixels=pixels)

    def patch(self, job: Job, work: WorkItem, patch: TaskPatch, files: PatchFiles) -> asyncio.Future[None]:
        """Store and tell that a part of the result is finished. Raises ProtocolError where it is malformed."""
        extent = patch.bounds.extent
        coverage = None
        if files.coverage and patch.coverage_format:
            blob = Blob(2, files.coverage_size, files.coverage_sha256)
            coverage = Pixels(extent, patch.coverage_format, blob)
        return self._publisher.lasting(
            job,
            Patch,
            files=StoredEvent(0, "", work.item.id, files.pixels, files.coverage),
            item=work.item.id,
            bounds=patch.bounds,
            pixels=Pixels(extent, job.request.format, Blob(1, files.pixels_size, files.pixels_sha256)),
            coverage=coverage,
        )

    def _progress(self, job: Job, work: WorkItem, event: TaskProgress) -> None:
        work.fraction = min(1.0, max(work.fraction, event.fraction))
        job.stage = event.stage
        fraction = job.fraction
        self._publisher.fleeting(
            job,
            Progress,
            stage=event.stage,
            fraction=fraction,
            step=event.step,
            steps=event.steps,
            seconds_left=job.pace.seconds_left(fraction),
        )

    def _note(self, job: Job, event: TaskNote) -> None:
        job.notes += 1
        if job.notes <= MAX_NOTES:
            self._publisher.lasting(job, Note, text=event.text[:MAX_NOTE])
