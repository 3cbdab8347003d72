"""Jobs of an editor's sessions before this one: their results are listed again, as soon as they are complete.

What still runs is let alone, as it may belong to another process of the same editor, and so is what such a one has on
its list: the server is asked again later.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from ..wire.protocol import JobSummary, JsonObject
from .host import Host
from .job_flow import FlowClient, Rerender

LOOK_SECONDS = 10.0  # between two looks at what still runs
_DONE = "done"  # the state of a job whose result is complete
_OVER = (_DONE, "failed", "cancelled")


@dataclass(frozen=True)
class LeftJob:
    """What is known of one."""

    host: Host  # takes the result; its document may be gone
    title: str
    parameters: JsonObject
    group: str = ""  # the same for variations of one wish


class NotYet(Enum):
    """What is said of a job instead."""

    NOT_YET = auto()  # another session of the editor is at it: it may be left later


OpenLeft = Callable[[JobSummary], "LeftJob | NotYet | None"]  # None: nobody wants this one's result any more


def complete(jobs: Iterable[JobSummary]) -> tuple[JobSummary, ...]:
    """Return the jobs whose results are complete, newest first."""
    return tuple(sorted((job for job in jobs if job.state == _DONE), key=lambda job: -job.created))


def running(jobs: Iterable[JobSummary]) -> tuple[JobSummary, ...]:
    """Return the jobs that are not over, newest first."""
    return tuple(sorted((job for job in jobs if job.state not in _OVER), key=lambda job: -job.created))


def fetching(
    connection: FlowClient,
    host: Host,
    job: JobSummary,
    parameters: JsonObject | None = None,
    *,
    takes_incomplete: bool = False,
) -> Rerender:
    """Return the flow that fetches the complete result of a job, which then waits, as it did in its own session.

    Its document is not needed for that. See Rerender for the rest.
    """
    return Rerender(
        connection,
        host,
        job.operation,
        parameters or {},
        job=job.job,
        ask_first=True,
        takes_incomplete=takes_incomplete,
        only_result=True,
        takes_document=False,
    )


class LeftJobs:
    """Which they are, and when to ask for them anew."""

    def __init__(self, open_left: OpenLeft, clock: Callable[[], float]) -> None:
        self._open_left = open_left
        self._clock = clock
        self._look_at: float | None = None  # None: nothing of them runs

    @property
    def is_due(self) -> bool:
        """Tell whether the server is to be asked for its jobs again; once."""
        if self._look_at is None or self._clock() < self._look_at:
            return False
        self._look_at = None
        return True

    def listed(self, jobs: Sequence[JobSummary], known: Collection[str]) -> list[tuple[JobSummary, LeftJob]]:
        """Take what the server has; return the complete ones that are not `known` yet, newest first."""
        others = [job for job in jobs if job.job not in known]
        opened = [(job, self._open_left(job)) for job in complete(others)]
        is_later_one = running(others) or any(left is NotYet.NOT_YET for _, left in opened)
        self._look_at = self._clock() + LOOK_SECONDS if is_later_one else None
        return [(job, left) for job, left in opened if isinstance(left, LeftJob)]
