"""What comes in on one connection: chunks go into the spool's files, and whole messages come out."""

from __future__ import annotations

import asyncio

from foveate_server.jobs.manager import JobManager
from foveate_server.spool.database_rows import Owner
from foveate_server.spool.job_files import Upload
from foveate_server.spool.store import Spool
from foveate_shared.errors import ErrorCode, FoveateError, InputError, ProtocolError, RefusedError, ResourceError
from foveate_shared.wire.blobs import BlobAssembler, Delivery, MemorySink, Sink
from foveate_shared.wire.codec import blobs_of
from foveate_shared.wire.protocol import Blob, Limits, Message, Submit, Window

MAX_PROFILE_BYTES = 4 << 20  # of an ICC profile: real ones have a few hundred KiB at most
MAX_PROFILES_BYTES = 16 << 20  # of all those of one job: pictures may have one each
MAX_PENDING_SUBMITS = 8  # that wait for their profiles, which are held in memory


class FatalError(Exception):
    """What ends a connection."""

    def __init__(self, error: FoveateError) -> None:
        super().__init__(str(error))
        self.error = error


class _Drain:
    """Takes the bytes of a message that has no effect: its chunks are under way already."""

    def write(self, data: memoryview) -> None:
        """Forget them."""

    def finish(self) -> None:
        """Return nothing."""

    def abort(self) -> None:
        """Do nothing."""


class Inbox:
    """Decides at the declaration whether a message's bytes are worth keeping. One call at a time."""

    def __init__(self, manager: JobManager, spool: Spool, owner: Owner, limits: Limits) -> None:
        self._manager = manager
        self._spool = spool
        self._owner = owner
        self._keep = False  # the bytes of the message that is being declared
        self._full: ResourceError | None = None  # why they could not be kept
        self._has_ended = False  # a job: uploads for it can go
        self._receiving: asyncio.Future[Delivery | None] | None = None  # the newest chunk's way into its file
        self._assembler = BlobAssembler(self._open_sink, max_blob_bytes=limits.max_blob_bytes)

    @property
    def is_waiting(self) -> bool:
        """Tell whether bytes of some message are still to come."""
        return bool(self._assembler.pending)

    def job_ended(self) -> None:
        """Take notice that uploads may have become pointless."""
        self._has_ended = True

    def declare(self, message: Message, refusal: FoveateError | None = None) -> Delivery | None:
        """Take a message; return it where all its bytes are here.

        With a `refusal`, or one of its own, the message has no effect: that error is raised once its blobs are known,
        so that their chunks can come. Raises FatalError where nothing that follows could be trusted.
        """
        self._discard()
        refusal = refusal or self._refusal(message)
        self._keep = refusal is None and self._is_wanted(message)
        self._full = None
        try:
            delivery = self._assembler.declare(message)
        except ProtocolError as error:
            raise FatalError(error) from error
        if self._full:
            raise self._full
        if refusal:
            raise refusal
        return delivery

    async def receive(self, frame: bytes) -> Delivery | None:
        """Take a chunk; return the message that it completes. Raises FatalError."""
        self._discard()
        self._receiving = asyncio.ensure_future(self._spool.in_files_thread(self._assembler.receive, frame))
        try:
            return await asyncio.shield(self._receiving)
        except ProtocolError as error:
            raise FatalError(error) from error

    def take_credit(self) -> int:
        """Return the bytes to grant now, 0 for none."""
        return self._assembler.take_credit()

    async def close(self) -> None:
        """Forget what is not complete: the connection is gone. A thread may still be writing its last chunk."""
        if self._receiving:
            await asyncio.gather(self._receiving, return_exceptions=True)
        self._assembler.abort()

    def _refusal(self, message: Message) -> FoveateError | None:
        try:
            if isinstance(message, Window):
                self._manager.find(self._owner, message.job).check_window(message)
            elif isinstance(message, Submit):
                self._check_profile(message)
        except FoveateError as error:
            return error
        return None

    def _check_profile(self, submit: Submit) -> None:
        profiles = blobs_of(submit)
        largest = max((icc.size for icc in profiles), default=0)
        if largest > MAX_PROFILE_BYTES or sum(icc.size for icc in profiles) > MAX_PROFILES_BYTES:
            raise InputError(
                "The colour profile has {size:,} bytes; at most {most:,} are taken, and "
                "{most_of_all:,} of all pictures.",
                code=ErrorCode.TOO_LARGE,
                remedy="Convert the document to a common colour space.",
                size=largest,
                most=MAX_PROFILE_BYTES,
                most_of_all=MAX_PROFILES_BYTES,
            )
        if profiles and sum(isinstance(entry, Submit) for entry in self._assembler.pending) >= MAX_PENDING_SUBMITS:
            raise RefusedError(
                "Too many jobs wait for their colour profiles.",
                code=ErrorCode.RATE_LIMITED,
                remedy="Send the profile of one job before submitting others.",
            )

    def _is_wanted(self, message: Message) -> bool:
        if isinstance(message, Window):
            return self._manager.find(self._owner, message.job).check_window(message)
        return True

    def _open_sink(self, message: Message, blob: Blob) -> Sink:
        if not self._keep:
            return _Drain()
        if not isinstance(message, Window):
            return MemorySink(blob)
        try:
            return self._spool.open_upload(blob.size)
        except ResourceError as error:
            self._full = error
            return _Drain()

    def _discard(self) -> None:
        if self._has_ended:
            self._has_ended = False
            self._assembler.discard(lambda message: not isinstance(message, Window) or self._is_alive(message))

    def _is_alive(self, window: Window) -> bool:
        try:
            return not self._manager.find(self._owner, window.job).ended
        except InputError:
            return False


def uploads_of(delivery: Delivery) -> list[Upload] | None:
    """Return the files of a window; None where its bytes were not worth keeping, or not all of them could be kept."""
    uploads = [payload for payload in delivery.payloads if isinstance(payload, Upload)]
    if len(uploads) == len(delivery.payloads):
        return uploads
    for upload in uploads:
        upload.abort()
    return None
