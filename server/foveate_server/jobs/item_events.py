"""What is told of running items."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from foveate_server.jobs.event_log import EventLog
from foveate_server.jobs.job import Job, WorkItem
from foveate_server.jobs.result_parts import DRAWING, event_of
from foveate_server.spool.database_rows import StoredEvent
from foveate_server.spool.job_files import KeptFile
from foveate_server.tasks.item_task import (
    TaskBegan,
    TaskEvent,
    TaskNote,
    TaskPart,
    TaskPreview,
    TaskProgress,
    TaskReadiness,
    TaskWeight,
)
from foveate_shared.i18n.sentence import Sentence
from foveate_shared.wire.protocol import Blob, Note, Pixels, Preview, Progress, Queued, Started

MAX_NOTES = 100  # of one job: they are stored, and a chatty operation must not fill the disk
MAX_NOTE = 1000  # characters
_UNHASHED = "0" * 64  # of a preview: whoever sends it knows its bytes, and its hash


class ItemEvents:
    """Turns what the executor says into events."""

    def __init__(self, publisher: EventLog) -> None:
        self._publisher = publisher

    def positions(
        self, positions: Mapping[Hashable, int], waiting: Mapping[int, Job], waits_for: Mapping[int, str]
    ) -> None:
        """Tell the jobs that wait, by number, how many items run before theirs, where that changed.

        `waits_for` has the stages of those that could give way to them once they are ready.
        """
        for number, job in waiting.items():
            position = None if job.running else positions.get(number)
            stage = waits_for.get(number, "")
            if position is not None and (position, stage) != (job.position, job.waits_for):
                reason = Sentence("Waiting for another job: {stage}", stage=stage) if stage else ""
                self._publisher.fleeting(job, Queued, position=position, reason=reason)
            job.position, job.waits_for = position, stage

    def gave_way(self, job: Job) -> None:
        """Tell that a running job lies still for a while."""
        job.stage = Sentence("A short job goes first")
        self._publisher.fleeting(job, Progress, **self._share(job), stage=job.stage)

    def _started(self, job: Job, work: WorkItem) -> None:
        job.position = None
        job.stage = work.item.stage
        self._publisher.fleeting(job, Started, item=work.item.id)

    def task_event(self, job: Job, work: WorkItem, event: TaskEvent) -> None:
        """Tell of all but parts of the result."""
        if isinstance(event, TaskBegan):
            self._started(job, work)
        elif isinstance(event, TaskProgress):
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
        self._publisher.fleeting(job, Progress, **self._share(job, event.step, event.steps), stage=event.stage)

    @staticmethod
    def _share(job: Job, step: int = 0, steps: int = 0) -> dict[str, Any]:
        """Return how far a job is, as a message tells it."""
        step, steps = job.progress.steps(step, steps)
        counter = job.progress
        return {"fraction": counter.fraction, "step": step, "steps": steps, "seconds_left": counter.seconds_left}

    def _note(self, job: Job, event: TaskNote) -> None:
        job.notes += 1
        if job.notes <= MAX_NOTES:
            self._publisher.lasting(job, Note, text=event.text[:MAX_NOTE])
