"""Writes down each job of a panel as long as its result may be wanted, so that the next session can list that again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from ..jobs import job_records
from ..jobs.job_list import JobEntry
from ..jobs.job_status import JobState
from .faces import SURVEY

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
            record = replace(entry.host.record(), group=entry.group, parameters=entry.parameters)
            job_records.write(self._folder, entry.flow.job, record)

    def read(self, job: str) -> job_records.Record | None:
        """Return what was written down about a job, maybe in another session."""
        return job_records.read(self._folder, job)

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
