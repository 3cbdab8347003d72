"""What a client remembers of its jobs while connections come and go."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ..wire.blobs import Buffer, MintMessage
from ..wire.protocol import JobEvent, ListJobs, ListModels, WindowRequest, Windows

NO_CONNECTION = 0  # connections count from 1


@dataclass(frozen=True)
class Submission:
    """What submits a job: the message's builder and the bytes of its blobs (a profile, or nothing)."""

    build: MintMessage
    payloads: Sequence[Buffer] = ()


@dataclass
class AskedWindow:
    """A window that the server asked for on some connection."""

    request: WindowRequest
    asked_on: int
    answered: bool = False  # on the same connection


@dataclass
class OpenJob:
    """A job whose ending has not been seen. Only the session changes it."""

    job: str
    submission: Submission | None  # None: the job was submitted by another process and is only followed
    introduced_on: int = NO_CONNECTION  # the newest connection on which it was submitted or resumed
    accepted: bool = False  # the server knows it
    cancelling: bool = False  # cancel was asked for
    retry: bool = False  # what failed shall be tried again, and nothing shows yet that the server was told
    last: int = 0  # seq of the newest lasting event taken: where to resume
    windows: dict[str, AskedWindow] = field(default_factory=dict)

    @property
    def can_be_cancelled(self) -> bool:
        """Tell whether a cancel may go out: one that overtakes the bytes of its submit would be about nothing."""
        return self.accepted or self.submission is None or not self.submission.payloads

    def is_new(self, event: JobEvent) -> bool:
        """Tell whether a lasting event was not taken before, and count it as taken: it answers a retry."""
        if event.seq <= self.last:
            return False
        self.last, self.retry = event.seq, False
        return True

    def wanted(self, event: Windows, connection: int, *, repeated: bool) -> tuple[WindowRequest, ...]:
        """Return the requests that the host must answer now, and count them as asked on `connection`.

        Left out are those that it owes since they were asked on this connection, and, where the event is a repetition,
        those that were answered on it. What was answered on an earlier connection may be lost, so it is wanted again.
        """
        wanted = tuple(request for request in event.requests if self._is_wanted(request, connection, repeated))
        self.windows.update((request.id, AskedWindow(request, connection)) for request in wanted)
        return wanted

    def _is_wanted(self, request: WindowRequest, connection: int, repeated: bool) -> bool:
        asked = self.windows.get(request.id)
        if asked is None or asked.asked_on != connection:
            return True
        return not repeated if asked.answered else asked.request != request


class Ledger:
    """The open jobs and unanswered questions of one client; outlives its connections. Not thread-safe."""

    def __init__(self) -> None:
        self.jobs: dict[str, OpenJob] = {}  # by id; an ended job leaves
        self.acks: dict[str, int] = {}  # ended jobs, by the connection on which their ack went out: it may break then
        self.questions: dict[int, ListJobs | ListModels] = {}  # by request number, until they are answered
        self.connections = NO_CONNECTION  # how many there were

    @property
    def is_settled(self) -> bool:
        """Tell whether nothing is under way: no job, and no question."""
        return not self.jobs and not self.questions

    def end(self, job: str) -> OpenJob | None:
        """Forget an open job, and return what was known of it."""
        return self.jobs.pop(job, None)

    def settle(self) -> None:
        """Take note that all that went out on the latest connection has arrived."""
        self.acks = {job: sent_on for job, sent_on in self.acks.items() if sent_on != self.connections}

    def followed(self) -> Iterable[OpenJob]:
        """Return the open jobs, oldest first; safe against changes while iterating."""
        return list(self.jobs.values())
