"""What goes out on one connection: replies first, then events, then results' bytes as the client's credit allows.

Memory does not grow with a slow client: lasting events are read from the spool when there is room, results are mapped
files, of fleeting events only the newest of each kind is kept.
"""

from __future__ import annotations

import asyncio
import logging
import mmap
import os
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

from foveate_server.endpoint.client_version import needed_by_job
from foveate_server.jobs.job import Job
from foveate_server.spool.database_rows import StoredEvent
from foveate_server.spool.store import Spool
from foveate_server.status.metrics import Metrics
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.wire.blobs import BlobSender
from foveate_shared.wire.codec import CHUNK_HEADER, blobs_of, decode, encode, with_blobs
from foveate_shared.wire.protocol import (
    LASTING_EVENTS,
    PROTOCOL_VERSION,
    Blob,
    Cancelled,
    JobEvent,
    Message,
    Preview,
    Problem,
)

MAX_REPLIES = 64  # unsent ones; the client's next requests wait until it has read them
READ_AHEAD = 16  # events of one job that are taken from the spool at once
QUEUED_BYTES = 8 << 20  # of patches that wait in the sender before another one is added

_log = logging.getLogger(__name__)

SendFrame = Callable[["str | bytes"], Awaitable[None]]


@dataclass
class _Feed:
    """A job that the client follows."""

    job: Job
    cursor: int  # seq of the newest lasting event that was handed to the sender
    ready: deque[StoredEvent] = field(default_factory=deque)  # read from the spool
    newest: dict[type, tuple[JobEvent, bytes]] = field(default_factory=dict)  # fleeting events by kind
    discarded: bool = False  # the job was cancelled, and its patches were dropped


class Outbox:
    """The only writer of a connection."""

    def __init__(self, send: SendFrame, spool: Spool, metrics: Metrics, on_ended: Callable[[], None]) -> None:
        """`on_ended` is called when a followed job has ended."""
        self._send = send
        self._spool = spool
        self._metrics = metrics
        self._on_ended = on_ended
        self._version = PROTOCOL_VERSION  # of the protocol, on this connection
        self._sender = BlobSender()
        self._replies: deque[str] = deque()  # control frames
        self._feeds: dict[int, _Feed] = {}  # by the job's number
        self._due: dict[int, _Feed] = {}  # those with something to hand over
        self._wake = asyncio.Event()
        self._room = asyncio.Event()  # set while few replies wait
        self._room.set()
        self._closing = False

    # --- the connection's side ---

    def open(self, receive_window: int, version: int = PROTOCOL_VERSION) -> None:
        """Take the client's receive window, from its hello, and the version that was agreed on."""
        self._sender.grant(receive_window)
        self._version = version

    def post(self, message: Message) -> None:
        """Queue a reply."""
        self._replies.append(encode(message))
        if len(self._replies) >= MAX_REPLIES:
            self._room.clear()
        self._wake.set()

    async def room(self) -> None:
        """Wait until the client has read enough of its replies."""
        await self._room.wait()

    def grant(self, count: int) -> None:
        """Take credit."""
        self._sender.grant(count)
        self._wake.set()

    def follow(self, job: Job, since: int) -> None:
        """Send the lasting events of `job` after number `since`, and all that come."""
        # A number that the job has not reached yet is none that the client can have seen.
        self._feeds[job.number] = feed = _Feed(job, min(since, job.stored_seq))
        self._mark(feed)

    def repeat_ending(self, job: Job) -> None:
        """Send the ending of an ended job again, unless it is still on its way."""
        feed = self._feeds.get(job.number)
        if feed is None or feed.cursor >= job.stored_seq:
            self.follow(job, job.stored_seq - 1)  # an ending is the last of all events

    def close(self) -> None:
        """Have :meth:`run` return once all replies are sent."""
        self._closing = True
        self._wake.set()

    async def run(self) -> None:
        """Send until :meth:`close`. Raises whatever sending raises."""
        may_fill = True
        while True:
            if self._replies:
                await self._send(self._replies.popleft())
                if len(self._replies) < MAX_REPLIES // 2:
                    self._room.set()
                continue
            if self._closing:
                return
            if may_fill:
                self._wake.clear()
                await self._fill()
            frame = self._sender.next_frame()
            has_filled, may_fill = may_fill, not isinstance(frame, str)  # else control frames wait: no need to read
            if frame is not None:
                await self._send(frame)
                self._count(frame)
            elif has_filled and not self._replies:  # else something may have become due since it was last looked at
                await self._wake.wait()

    # --- the jobs' side: see jobs.event_log.Listener ---

    def opened(self, job: Job) -> None:
        """Follow a new job from its first event, unless its client could not take it."""
        if needed_by_job(job) <= self._version:
            self.follow(job, 0)

    def follows(self, job: Job) -> bool:
        """Tell whether the client is told of a job: a new one since it connected, or one that it asked for."""
        return job.number in self._feeds

    def stored(self, job: Job) -> None:
        """Take notice of new lasting events."""
        if job.ended:
            self._on_ended()
        if feed := self._feeds.get(job.number):
            self._mark(feed)

    def fleeting(self, job: Job, event: JobEvent, payload: bytes) -> None:
        """Keep a fleeting event until it can go, or a newer one comes."""
        if feed := self._feeds.get(job.number):
            feed.newest[type(event)] = (event, payload)
            self._mark(feed)

    def closed(self, job: Job) -> None:
        """Forget a job; where another of the owner's connections was faster to acknowledge it, say how it ended."""
        feed = self._feeds.pop(job.number, None)
        self._due.pop(job.number, None)
        self._sender.discard(job.id)
        if feed and feed.cursor < job.seq:
            self.post(_farewell(job))

    # --- handing over ---

    def _mark(self, feed: _Feed) -> None:
        self._due[feed.job.number] = feed
        self._wake.set()

    async def _fill(self) -> None:
        """Hand the sender what is due, as far as it has room."""
        for number, feed in list(self._due.items()):
            if await self._fill_from(feed) and self._due.get(number) is feed:
                del self._due[number]
        if self._due and self._sender.idle:  # all that was read are patches that nobody wants: there is more
            self._wake.set()

    async def _fill_from(self, feed: _Feed) -> bool:
        """Hand over events of one job; tell whether none is left."""
        job = feed.job
        if job.state == "cancelled" and not feed.discarded:
            feed.discarded = True
            self._sender.discard(job.id)
        if not feed.ready and feed.cursor < job.stored_seq:
            stored_seq = job.stored_seq
            feed.ready.extend(await self._spool.events(job.number, feed.cursor, READ_AHEAD))
            if self._feeds.get(job.number) is not feed:  # meanwhile resumed anew, or forgotten
                return True
            if not feed.ready:
                feed.cursor = stored_seq
        while feed.ready:
            if feed.ready[0].files and self._sender.queued_bytes >= QUEUED_BYTES:
                return False
            event = feed.ready.popleft()
            feed.cursor = event.seq
            self._hand_over(job, event)
        if feed.cursor < job.stored_seq:
            return False
        self._hand_over_newest(feed)
        return True

    def _hand_over(self, job: Job, stored: StoredEvent) -> None:
        event = cast("JobEvent", decode(stored.text, LASTING_EVENTS))
        if not stored.files:
            self._sender.post(event, job=job.id)
        elif job.state != "cancelled":
            self._hand_over_part(job, event, stored.files)

    def _hand_over_part(self, job: Job, event: JobEvent, files: Sequence[Path]) -> None:
        try:
            payloads = [_map(file) for file in files]
        except OSError:  # a power cut, or somebody deleted it: the other events are worth having all the same
            _log.error("job %s: a stored part of the result cannot be read", job.id)
            return

        def build(*blobs: Blob) -> JobEvent:
            return with_blobs(event, blobs)

        digests = [blob.sha256 for blob in blobs_of(event)]
        self._sender.send(build, payloads, digests=digests, job=job.id)

    def _hand_over_newest(self, feed: _Feed) -> None:
        """Hand over fleeting events: after all lasting ones, so that numbers only grow on the wire."""
        newest = sorted(feed.newest.values(), key=lambda entry: entry[0].seq)
        feed.newest.clear()
        for event, payload in newest:
            if event.seq < feed.cursor:
                continue
            if not isinstance(event, Preview):
                self._sender.post(event, job=feed.job.id)
            elif self._sender.queued_bytes < QUEUED_BYTES:
                self._hand_over_preview(feed.job, event, payload)

    def _hand_over_preview(self, job: Job, event: Preview, payload: bytes) -> None:
        def build(blob: Blob) -> Preview:
            return replace(event, pixels=replace(event.pixels, blob=blob))

        self._sender.send(build, [payload], job=job.id)

    def _count(self, frame: str | bytes) -> None:
        if isinstance(frame, bytes):
            self._metrics.sent(len(frame) - CHUNK_HEADER.size)


def _farewell(job: Job) -> Message:
    """Return what a client is told whose job is gone before it was told of the ending."""
    if job.state == "cancelled":
        return Cancelled(job.id, job.seq)
    error = InputError(
        "Job {job} has ended, and its result was taken by another program.", code=ErrorCode.UNKNOWN_JOB, job=job.id
    )
    return Problem(error.info, job=job.id)


def _map(path: Path) -> memoryview:
    with path.open("rb") as file:
        if not os.fstat(file.fileno()).st_size:  # what mmap cannot map
            return memoryview(b"")
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
