"""Writes down each job of a panel as long as its result may be wanted, so that the next session can list that again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from ..connection.process_place import is_marked_running, mark_of
from ..i18n.translations import Texts
from ..jobs import job_records
from ..jobs.host import Host
from ..jobs.job_list import JobEntry
from ..jobs.job_status import JobState
from ..jobs.left_jobs import LeftJob, NotYet
from ..wire.protocol import JobSummary, OperationInfo
from . import labels
from .faces import SURVEY

# Makes a host for a result whose document may be gone, of what was written down about its job, and its title.
OpenLeftHost = Callable[["job_records.Record | None", str], Host]

# Nobody will take a result of it any more. One that failed here may go on at the server, as where a token is refused.
_OVER = (JobState.DONE, JobState.CANCELLED)


class RecordedJobs:
    """The records of one editor's jobs. Its main thread calls everything."""

    def __init__(self, settings_path: Path) -> None:
        self._folder = job_records.folder_of(settings_path)
        self._crossed_out: set[str] = set()  # jobs

    def begin(self, entry: JobEntry) -> None:
        """Write a job down, where its host has something to tell. A look for faces is of no use in another session."""
        if entry.operation != SURVEY and isinstance(entry.host, job_records.RecordedHost):
            begun_in = mark_of(os.getpid())
            record = replace(entry.host.record(), group=entry.group, parameters=entry.parameters, process=begun_in)
            job_records.write(self._folder, entry.flow.job, record)

    def read(self, job: str) -> job_records.Record | None:
        """Return what was written down about a job, maybe in another session."""
        return job_records.read(self._folder, job)

    def left(
        self, job: JobSummary, open_host: OpenLeftHost, operations: Sequence[OperationInfo], say: Texts
    ) -> LeftJob | NotYet | None:
        """Return what takes the result of a job of a session that is over; None where that is of no use any more.

        NOT_YET where another process of the editor has it on its list: two windows do not show each other's results.
        """
        if job.operation == SURVEY:
            return None
        record = self.read(job.job)
        if record and record.process != mark_of(os.getpid()) and is_marked_running(record.process):
            return NotYet.NOT_YET
        title = labels.left_title(job, record, operations, say)
        parameters, group = (record.parameters, record.group) if record else ({}, "")
        return LeftJob(open_host(record, title), labels.left_line(title, record), parameters, group)

    def follow(self, entries: Iterable[JobEntry]) -> None:
        """Cross out the jobs that are over."""
        for entry in entries:
            if entry.flow.status.state in _OVER and entry.flow.job not in self._crossed_out:
                self.cross_out(entry)

    def cross_out(self, entry: JobEntry) -> None:
        """Forget a job: its result was taken, or is not wanted."""
        self._crossed_out.add(entry.flow.job)
        job_records.forget(self._folder, entry.flow.job)

    def forget_old(self) -> None:
        """Forget what no server keeps any more."""
        job_records.forget_old(self._folder)
