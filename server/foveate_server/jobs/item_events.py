"""What is told of running items."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Mapping, Sequence

from foveate_server.jobs.event_log import EventLog
from foveate_server.jobs.job import Job, WorkItem
from foveate_server.jobs.result_parts import DRAWING, event_of
from foveate_server.spool.database_rows import StoredEvent
from foveate_server.spool.job_files import KeptFile
from foveate_server.tasks.item_task import (
    TaskEvent,
    TaskNote,
    TaskPart,
    TaskPreview,
    TaskProgress,
    TaskReadiness,
    TaskWeight,
)
from foveate_shared.wire.protocol import Blob, Note, Pixels, Preview, Progress, Queued, Started

MAX_NOTES = 100  # of one job: they are stored, and a chatty operation must not fill the disk
MAX_NOTE = 1000  # characters
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
        elif isinstance(event, TaskReadiness):
            job.progress.get_ready(event.seconds)
            self._progress(job, work, TaskProgress(event.stage, 0.0, 0, 0))
        elif isinstance(event, TaskWeight):
            job.progress.weigh(work.item.id, event.weight)
        elif isinstance(event, TaskNote):
            self._note(job, event)
        elif isinstance(event, TaskPreview):
            pixels = Pixels(event.extent, DRAWING, Blob(1, len(event.pixels), _UNHASHED))
            self._publisher.fleeting(job, Preview, event.pixels, bounds=event.bounds, pixels=pixels)

    def part(self, job: Job, work: WorkItem, part: TaskPart, files: Sequence[KeptFile]) -> asyncio.Future[None]:
        """Store and tell that a part of the result is finished. Raises ProtocolError where it is malformed."""
        event_class, fields = event_of(part, files, job.request.format)
        stored = StoredEvent(0, "", work.item.id, tuple(file.path for file in files))
        return self._publisher.lasting(job, event_class, files=stored, item=work.item.id, **fields)

    def _progress(self, job: Job, work: WorkItem, event: TaskProgress) -> None:
        job.stage = event.stage
        job.progress.report(work.item.id, event.fraction)
        step, steps = job.progress.steps(event.step, event.steps)
        self._publisher.fleeting(
            job,
            Progress,
            stage=event.stage,
            fraction=job.progress.fraction,
            step=step,
            steps=steps,
            seconds_left=job.progress.seconds_left,
        )

    def _note(self, job: Job, event: TaskNote) -> None:
        job.notes += 1
        if job.notes <= MAX_NOTES:
            self._publisher.lasting(job, Note, text=event.text[:MAX_NOTE])
