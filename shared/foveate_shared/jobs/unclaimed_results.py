"""Results that wait at the server: those of jobs whose client went away before it applied them, such as in a crash.

    waiting = WaitingResults(client, host_for)
    ...
    if waiting.poll(): show(waiting.jobs)       # some times a second
    waiting.fetch(job)                          # then its flow, waiting.flow(job), fills its result
    waiting.flow(job).apply()                   # its host takes the result, and the server forgets it
    waiting.discard(job)
    waiting.cancel(job)                         # one of waiting.running, whether its editor is gone or not

Single-threaded: the owner of the client calls everything.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from ..connection.client import ClientEvent, ConnectionState, StateChange
from ..wire.protocol import Ack, Cancel, ExpiredJob, Jobs, JobSummary, Welcome
from .dispatch_events import dispatch
from .host import Host
from .job_flow import FlowClient, JobState, Rerender
from .job_list import ConnectionView
from .left_jobs import complete, fetching, running

_LOOK_SECONDS = 1.0  # between two looks at what still runs: the person watches it


class ListingClient(FlowClient, Protocol):
    """What is needed of :class:`foveate_shared.connection.client.Client`."""

    def list_jobs(self) -> int:
        """Ask for this owner's jobs; a Jobs event follows."""

    def poll(self) -> list[ClientEvent]:
        """Return what happened since the last call."""


class WaitingResults:
    """The complete results of one client that nobody has taken, and the jobs that still run."""

    def __init__(
        self,
        client: ListingClient,
        host_for: Callable[[JobSummary], Host],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`host_for` makes what takes a result; as its document is gone, a NoDocument that says what `apply` does."""
        self.jobs: tuple[JobSummary, ...] | None = None  # newest first; None: the server has not told yet
        self.running: tuple[JobSummary, ...] = ()  # newest first; also those of plug-ins that still follow them
        self.expired: tuple[ExpiredJob, ...] = ()  # those that went without our word
        self.connection = ConnectionView()
        self._client = client
        self._host_for = host_for
        self._flows: dict[str, Rerender] = {}  # by job, of what is or was fetched
        self._clock = clock
        self._look_at: float | None = None  # when the server is asked again; None: nothing runs, or it is asked
        self._cancelled: set[str] = set()  # jobs that the server may forget once they have ended

    def poll(self) -> bool:
        """Take what the server sent; return whether anything changed."""
        events = self._client.poll()
        before = [flow.status for flow in self._flows.values()]
        for event in events:
            self._note(event)
        dispatch(events, list(self._flows.values()))
        self._drop_taken()
        if self._look_at is not None and self._clock() >= self._look_at and self.connection.is_ready:
            self._look_at = None
            self._client.list_jobs()
        return bool(events) or before != [flow.status for flow in self._flows.values()]

    def flow(self, job: JobSummary) -> Rerender | None:
        """Return the flow of a result that was fetched, or is being fetched: it is complete in state UNAPPLIED."""
        return self._flows.get(job.job)

    def fetch(self, job: JobSummary, *, takes_incomplete: bool = False) -> Rerender:
        """Begin to fetch a result, unless it was before; return its flow.

        That of a new image of which parts failed is there for who `takes_incomplete` ones.
        """
        known = self._flows.get(job.job)
        if known is not None and known.status.state is not JobState.FAILED:
            return known
        flow = fetching(self._client, self._host_for(job), job, takes_incomplete=takes_incomplete)
        self._flows[job.job] = flow
        flow.start()
        return flow

    def discard(self, job: JobSummary) -> None:
        """Let the server forget a result."""
        self._client.post(Ack(job.job))
        self._drop(job.job)

    def cancel(self, job: JobSummary) -> None:
        """Let the server end a job that runs."""
        self._cancelled.add(job.job)
        self._client.post(Cancel(job.job))

    def _note(self, event: ClientEvent) -> None:
        if isinstance(event, StateChange):
            self.connection = self.connection.after(event)
        elif isinstance(event.message, Welcome):
            server = event.message.server
            self.connection = ConnectionView(ConnectionState.READY, None, f"{server.name} {server.version}")
            self._client.list_jobs()
        elif isinstance(event.message, Jobs):
            self._take(event.message)

    def _take(self, listed: Jobs) -> None:
        self.jobs, self.running, self.expired = complete(listed.jobs), running(listed.jobs), listed.expired
        self._look_at = self._clock() + _LOOK_SECONDS if self.running else None
        for job in listed.jobs:
            if job.job in self._cancelled and job.state == "cancelled":
                self._cancelled.discard(job.job)
                self._client.post(Ack(job.job))

    def _drop_taken(self) -> None:
        for job, flow in list(self._flows.items()):
            if flow.status.state in {JobState.DONE, JobState.CANCELLED}:
                self._drop(job)

    def _drop(self, job: str) -> None:
        self._flows.pop(job, None)
        if self.jobs is not None:
            self.jobs = tuple(each for each in self.jobs if each.job != job)
