"""What a client remembers of its jobs while connections come and go."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from .protocol import JobEvent, ListJobs, ListModels, Submit, WindowRequest, Windows

UNSENT = 0  # the number of no connection: connections count from 1


@dataclass
class AskedWindow:
    """A window that the server asked for."""

    request: WindowRequest
    answered_on: int | None = None  # the connection that took the answer; UNSENT: none did; None: not answered yet


@dataclass
class OpenJob:
    """A job whose ending has not been seen. Only the session changes it."""

    job: str
    submit: Submit | None  # None: the job was submitted by another process and is only followed
    icc: bytes | None = None  # the profile that goes with submit
    submitted: bool = False  # submit went out at least once
    accepted: bool = False  # the server knows it
    cancelling: bool = False  # cancel was asked for
    last: int = 0  # seq of the newest lasting event taken: where to resume
    windows: dict[str, AskedWindow] = field(default_factory=dict)

    def is_new(self, event: JobEvent) -> bool:
        """Tell whether a lasting event was not taken before, and count it as taken."""
        if event.seq <= self.last:
            return False
        self.last = event.seq
        return True

    def unanswered(self, event: Windows, connection: int, *, repeated: bool) -> tuple[WindowRequest, ...]:
        """Return the requests that somebody must answer now, and count them as asked.

        Left out are those that the host was asked before and still owes, and, where the event is a repetition,
        those that this connection has answered.
        """
        wanted = tuple(request for request in event.requests if self._is_wanted(request, connection, repeated))
        self.windows.update((request.id, AskedWindow(request)) for request in wanted)
        return wanted

    def _is_wanted(self, request: WindowRequest, connection: int, repeated: bool) -> bool:
        asked = self.windows.get(request.id)
        if asked is None:
            return True
        if asked.answered_on is None:
            return asked.request != request
        return not repeated or asked.answered_on != connection


class Ledger:
    """The open jobs and unanswered questions of one client; outlives its connections. Not thread-safe."""

    def __init__(self) -> None:
        self.jobs: dict[str, OpenJob] = {}  # by id; an ended job leaves
        self.acks: set[str] = set()  # ended jobs whose ack has not gone out
        self.questions: dict[int, ListJobs | ListModels] = {}  # by request number, until they are answered
        self.connections = UNSENT  # how many there were
        self._requests = 0  # the newest request number

    def ask(self, kind: type[ListJobs | ListModels]) -> ListJobs | ListModels:
        """Return a new question of `kind`, and remember it until it is answered."""
        self._requests += 1
        question = kind(self._requests)
        self.questions[question.request] = question
        return question

    def end(self, job: str) -> OpenJob | None:
        """Forget an open job, and return what was known of it."""
        return self.jobs.pop(job, None)

    def followed(self) -> Iterable[OpenJob]:
        """Return the open jobs, oldest first; safe against changes while iterating."""
        return list(self.jobs.values())
