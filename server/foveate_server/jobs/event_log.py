"""Events of jobs: numbered, stored where they last, and told to all connections of their owner."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol

from foveate_server.jobs.job import Job
from foveate_server.jobs.journal import Journal
from foveate_server.spool.database import Change, insert_event
from foveate_server.spool.database_rows import Owner, StoredEvent
from foveate_shared.wire.codec import encode
from foveate_shared.wire.protocol import JobEvent

NO_FILES = StoredEvent(0, "")  # of events that bring none


class Listener(Protocol):
    """A connection, as far as jobs know it. The calls come in the event loop and must not wait."""

    def opened(self, job: Job) -> None:
        """Take notice of a new job: all its events are wanted."""

    def follows(self, job: Job) -> bool:
        """Tell whether the job's events go to the client."""

    def stored(self, job: Job) -> None:
        """Take notice of new lasting events: they can be read up to `job.stored_seq`."""

    def fleeting(self, job: Job, event: JobEvent, payload: bytes) -> None:
        """Take an event that may be dropped; `payload` is the bytes of a preview, else empty."""

    def closed(self, job: Job) -> None:
        """Take notice that a job is forgotten."""


class EventLog:
    """Tells the owners' connections."""

    def __init__(self, journal: Journal, running: Callable[[], float], now: Callable[[], float] = time.time) -> None:
        """`running` tells for how long servers of the spool have run, in seconds."""
        self._journal = journal
        self.running = running
        self._now = now
        self._listeners: defaultdict[Owner, list[Listener]] = defaultdict(list)

    @property
    def listener_count(self) -> int:
        """Return the number of connections."""
        return sum(map(len, self._listeners.values()))

    def connect(self, owner: Owner, listener: Listener) -> None:
        """Tell `listener` of the owner's jobs from now on."""
        self._listeners[owner].append(listener)

    def disconnect(self, owner: Owner, listener: Listener) -> None:
        """Tell `listener` no more."""
        self._listeners[owner].remove(listener)
        if not self._listeners[owner]:
            del self._listeners[owner]

    def opened(self, job: Job) -> None:
        """Tell of a new job, before its first event."""
        for listener in self._of(job):
            listener.opened(job)

    def closed(self, job: Job) -> None:
        """Tell that a job is forgotten."""
        for listener in self._of(job):
            listener.closed(job)

    def lasting(
        self,
        job: Job,
        event_class: Callable[..., JobEvent],
        changes: Sequence[Change] = (),
        *,
        files: StoredEvent = NO_FILES,
        **fields: Any,
    ) -> asyncio.Future[None]:
        """Store an event together with `changes`, then tell of it; `files` names those that it brings.

        Raises ProtocolError, and does nothing, where the fields break a rule of the wire.
        """
        seq = job.seq + 1
        text = encode(event_class(job=job.id, seq=seq, **fields))
        job.seq = seq
        now, touched = self._now(), self.running()
        stored = replace(files, seq=seq, text=text)

        def tell() -> None:
            job.stored_seq, job.touched = seq, touched
            for listener in self._of(job):
                listener.stored(job)

        return self._journal.write([*changes, insert_event(job.number, stored, now, touched)], tell)

    def is_followed(self, job: Job) -> bool:
        """Tell whether a connection of the job's owner is there that tells its client of the job."""
        return any(listener.follows(job) for listener in self._of(job))

    def fleeting(self, job: Job, event_class: Callable[..., JobEvent], payload: bytes = b"", **fields: Any) -> None:
        """Tell of an event that is not stored."""
        if not self._of(job):
            return
        job.seq += 1
        event = event_class(job=job.id, seq=job.seq, **fields)

        def tell() -> None:
            for listener in self._of(job):
                listener.fleeting(job, event, payload)

        self._journal.write((), tell)

    def _of(self, job: Job) -> list[Listener]:
        return list(self._listeners.get(job.owner, ()))
