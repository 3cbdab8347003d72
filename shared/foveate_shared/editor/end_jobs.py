"""End jobs whose editor is gone: what runs is cancelled, and what is done is kept where a person may have wanted it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from ..connection import running_server, settings
from ..connection.client import Client, ConnectionState
from ..connection.server_address import ServerAddress
from ..jobs import job_records
from ..wire.blobs import Delivery
from ..wire.protocol import (
    FINAL_EVENTS,
    Ack,
    Cancel,
    ClientMessage,
    Done,
    Failed,
    Jobs,
    JobSummary,
    Message,
    Peer,
    Problem,
    Resume,
    Welcome,
)
from . import open_connection

PATIENCE_SECONDS = 10.0  # for the server's answers
_ENDED = ("done", "failed", "cancelled")  # states of jobs


class EndingClient(Protocol):
    """What ending needs of :class:`foveate_shared.connection.client.Client`."""

    def list_jobs(self) -> int:
        """Ask for this owner's jobs."""

    def post(self, message: ClientMessage) -> None:
        """Send a message."""


def end_jobs(
    settings_path: Path, peer: Peer, jobs: Sequence[str], *, keep: bool, patience: float = PATIENCE_SECONDS
) -> bool:
    """Cancel jobs at the server that the settings name; return whether it has confirmed that for all.

    With `keep`, those that are done stay there, and their records say so; finished parts of a new image stay as
    well, which `foveate jobs resume` goes on with. A server that does not run is not started for this. Without settings
    that can be read nobody knows whose jobs they are.
    """
    values = settings.peek(settings_path)
    if values is None:
        return False

    def find() -> ServerAddress:
        return values.remote or running_server.find_server(open_connection.runtime_file(values))

    with Client(find, values.client_id, peer) as client:
        ending = EndedJobs(client, job_records.folder_of(settings_path), jobs, keep=keep)
        for message in _messages(client, time.monotonic() + patience):
            ending.take(message)
            if ending.is_complete:
                return True
    return False


def _messages(client: Client, deadline: float) -> Iterator[Message]:
    """Yield what the server says, until the deadline or until it refuses."""
    while time.monotonic() < deadline:
        client.wait(0.1)
        for event in client.poll():
            if isinstance(event, Delivery):
                yield event.message
            elif event.state is ConnectionState.REFUSED:
                return


class EndedJobs:
    """What has become of each job."""

    def __init__(self, client: EndingClient, records: Path, jobs: Sequence[str], *, keep: bool) -> None:
        """`records` is the folder where it is written down which jobs run."""
        self._client = client
        self._records = records
        self._open = set(jobs)
        self._keep = keep

    @property
    def is_complete(self) -> bool:
        """Tell whether all have ended."""
        return not self._open

    def take(self, message: Message) -> None:
        """Take what the server says."""
        if isinstance(message, Welcome):
            self._client.list_jobs()
        elif isinstance(message, Jobs):
            self._look_at({summary.job: summary for summary in message.jobs})
        elif isinstance(message, (*FINAL_EVENTS, Problem)) and message.job in self._open:
            has_parts = isinstance(message, Failed) and message.recipe is not None
            self._end(message.job, is_done=isinstance(message, Done), has_parts=has_parts)

    def _look_at(self, listed: dict[str, JobSummary]) -> None:
        for job in list(self._open):
            summary = listed.get(job)
            if summary is not None and summary.state == "failed" and self._keep:
                self._client.post(Resume(job, max(0, summary.seq - 1)))  # its last event tells of finished parts
                continue
            if summary is not None and summary.state in _ENDED:
                self._end(job, is_done=summary.state == "done")
                continue
            if summary is not None:  # so that this connection hears of it, and of no more than that
                self._client.post(Resume(job, summary.seq))
            self._client.post(Cancel(job))

    def _end(self, job: str, *, is_done: bool, has_parts: bool = False) -> None:
        self._open.discard(job)
        if is_done and self._keep:
            job_records.mark_left(self._records, job)
            return
        if not (has_parts and self._keep):
            self._client.post(Ack(job))
        job_records.forget(self._records, job)
