"""Messages with bytes: sending them as chunks within the peer's credit, and putting them together again.

Sans-I/O: both ends of the wire use these, whatever carries the frames. Control messages always overtake chunks.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ..errors import ErrorCode, ProtocolError
from .codec import blobs_of, decode_chunk, encode, encode_chunk
from .protocol import MAX_BLOB_BYTES, MAX_CHUNK_BYTES, RECEIVE_WINDOW, Blob, Message

Buffer = bytes | bytearray | memoryview
MintMessage = Callable[..., Message]  # takes one Blob per payload, returns the message that declares them


# --- sending ---------------------------------------------------------------------------------------------------------


@dataclass
class _Parcel:
    """A message that waits to be declared, with the bytes of its blobs."""

    build: MintMessage
    payloads: tuple[memoryview, ...]
    digests: tuple[str, ...]
    job: str | None


@dataclass
class _Stream:
    """A declared blob that is on its way."""

    blob: int
    data: memoryview
    job: str | None
    sent: int = 0

    @property
    def remaining(self) -> int:
        return len(self.data) - self.sent


class BlobSender:
    """Queues messages and gives out frames: control messages first, then chunks while the peer's credit lasts.

    Messages with blobs are declared one after the other, and only while little is under way, so that the receiver
    never has to keep room for more than it can get soon. Messages of one `job` keep their order: one without blobs
    waits for the declarations before it, unless it is urgent. Not thread-safe.
    """

    def __init__(self, credit: int = 0, *, max_chunk_bytes: int = MAX_CHUNK_BYTES, ahead: int = RECEIVE_WINDOW) -> None:
        """`credit`: the peer's receive window; `ahead`: bytes that may be declared and not yet sent."""
        self._credit = credit
        self._max_chunk = min(max_chunk_bytes, MAX_CHUNK_BYTES)
        self._ahead = ahead
        self._next_id = 1  # of the next blob, per connection and direction
        self._urgent: deque[str] = deque()  # control frames, ready to go
        self._waiting: deque[_Parcel] = deque()  # messages with blobs, and those that wait behind one of their job
        self._streams: deque[_Stream] = deque()  # declared blobs, the next one to send from in front

    @property
    def idle(self) -> bool:
        """Tell whether nothing is left to send."""
        return not (self._urgent or self._waiting or self._streams)

    @property
    def queued_bytes(self) -> int:
        """Return the payload bytes that wait here, declared or not: for backpressure on whoever produces them."""
        undeclared = sum(len(view) for parcel in self._waiting for view in parcel.payloads)
        return undeclared + sum(stream.remaining for stream in self._streams)

    def post(self, message: Message, *, job: str | None = None) -> None:
        """Queue a message without blobs. With `job` it stays behind that job's earlier messages.

        Raises ProtocolError where it breaks a rule of the wire.
        """
        frame = encode(message)
        if job is not None and any(parcel.job == job for parcel in self._waiting):
            self._waiting.append(_Parcel(lambda: message, (), (), job))
        else:
            self._urgent.append(frame)

    def send(
        self, build: MintMessage, payloads: Sequence[Buffer], *, digests: Sequence[str] = (), job: str | None = None
    ) -> None:
        """Queue a message with blobs: `build` gets a Blob per payload and returns the message.

        The payloads are not copied: they must stay as they are until they are sent. `digests` are their SHA-256, where
        the caller knows them. Raises ProtocolError where the message breaks a rule of the wire.
        """
        views = tuple(memoryview(payload).cast("B") for payload in payloads)
        known = tuple(digests) or tuple(hashlib.sha256(view).hexdigest() for view in views)
        parcel = _Parcel(build, views, known, job)
        encode(self._build(parcel, 1))  # so that a broken rule is the caller's to see, not the wire's
        self._waiting.append(parcel)

    def grant(self, count: int) -> None:
        """Take the peer's credit for `count` more bytes."""
        self._credit += count

    def discard(self, job: str) -> None:
        """Drop the pixels of `job`: undeclared messages with blobs, and the rest of declared ones."""
        self._waiting = deque(parcel for parcel in self._waiting if parcel.job != job)
        self._streams = deque(stream for stream in self._streams if stream.job != job)

    def next_frame(self) -> str | bytes | None:
        """Return the next frame to send: text, or a chunk, or None while nothing can go."""
        self._declare()
        if self._urgent:
            return self._urgent.popleft()
        return self._next_chunk()

    def _declare(self) -> None:
        """Turn waiting messages into control frames, as far as the bytes under way allow."""
        while self._waiting and (not self._waiting[0].payloads or self._has_room()):
            parcel = self._waiting.popleft()
            first = self._next_id
            self._urgent.append(encode(self._build(parcel, first)))
            self._next_id += len(parcel.payloads)
            self._streams.extend(
                _Stream(first + index, view, parcel.job) for index, view in enumerate(parcel.payloads) if len(view)
            )

    def _has_room(self) -> bool:
        return not self._streams or sum(stream.remaining for stream in self._streams) < self._ahead

    @staticmethod
    def _build(parcel: _Parcel, first: int) -> Message:
        described = zip(parcel.payloads, parcel.digests)  # noqa: B905 - of one length by construction
        return parcel.build(*(Blob(first + index, len(view), digest) for index, (view, digest) in enumerate(described)))

    def _next_chunk(self) -> bytes | None:
        if not self._streams:
            return None
        stream = self._streams[0]
        size = min(self._max_chunk, stream.remaining, self._credit)
        if size <= 0:
            return None
        frame = encode_chunk(stream.blob, stream.sent, stream.data[stream.sent : stream.sent + size])
        stream.sent += size
        self._credit -= size
        if not stream.remaining:
            self._streams.popleft()
        return frame


# --- receiving -------------------------------------------------------------------------------------------------------


class Sink(Protocol):
    """Where a blob's bytes go as they come."""

    def write(self, data: memoryview) -> None:
        """Take the next bytes; the view is valid only during the call."""

    def finish(self) -> object:
        """Return what stands for the complete blob: it becomes a payload of the delivery."""

    def abort(self) -> None:
        """Forget what was written: the blob will not be completed."""


class MemorySink:
    """Keeps a blob in memory that is taken at once; the payload is a bytearray."""

    def __init__(self, blob: Blob) -> None:
        self._data = bytearray(blob.size)
        self._position = 0

    def write(self, data: memoryview) -> None:
        """Take the next bytes."""
        self._data[self._position : self._position + len(data)] = data
        self._position += len(data)

    def finish(self) -> bytearray:
        """Return the bytes."""
        return self._data

    def abort(self) -> None:
        """Let go of the memory."""
        self._data = bytearray()


@dataclass(frozen=True)
class Delivery:
    """A message with all its bytes: one payload per declared blob, in order, as its sink returned it."""

    message: Message
    payloads: tuple[object, ...] = ()

    @property
    def size(self) -> int:
        """Return the bytes of all payloads."""
        return sum(blob.size for blob in blobs_of(self.message))


OpenSink = Callable[[Message, Blob], Sink]


class _Incoming:
    """A declared blob, partly received. Without a sink its bytes are checked for order and thrown away."""

    def __init__(self, blob: Blob, sink: Sink | None) -> None:
        self.blob = blob
        self.sink = sink
        self._received = 0
        self._hash = hashlib.sha256()

    @property
    def is_complete(self) -> bool:
        return self._received == self.blob.size

    def write(self, offset: int, data: memoryview) -> None:
        if offset != self._received:
            raise ProtocolError(f"A chunk of blob {self.blob.id} begins at {offset}, not at {self._received}.")
        if offset + len(data) > self.blob.size:
            raise ProtocolError(f"A chunk reaches past the {self.blob.size} bytes of blob {self.blob.id}.")
        self._received += len(data)
        if self.sink:
            self._hash.update(data)
            self.sink.write(data)

    def check_hash(self) -> None:
        if self.sink and self._hash.hexdigest() != self.blob.sha256:
            raise ProtocolError(f"The bytes of blob {self.blob.id} do not have the SHA-256 that was declared.")


class _Pending:
    """A message that waits for its blobs."""

    def __init__(self, message: Message, incoming: list[_Incoming]) -> None:
        self.message = message
        self.incoming = incoming

    @property
    def is_complete(self) -> bool:
        return all(entry.is_complete for entry in self.incoming)

    def deliver(self) -> Delivery:
        return Delivery(self.message, tuple(entry.sink.finish() for entry in self.incoming if entry.sink))

    def abort(self) -> None:
        for entry in self.incoming:
            if entry.sink:
                entry.sink.abort()
                entry.sink = None


class BlobAssembler:
    """Puts declared blobs together out of chunks, and keeps account of the credit. Not thread-safe.

    Every ProtocolError from here is fatal: after a lie about bytes nothing that follows can be trusted. The caller
    then calls :meth:`abort` and closes the connection. Errors of a sink (a full disk) are passed through.
    """

    def __init__(
        self,
        open_sink: OpenSink = lambda message, blob: MemorySink(blob),
        *,
        receive_window: int = RECEIVE_WINDOW,
        max_blob_bytes: int = MAX_BLOB_BYTES,
        max_pending_bytes: int = 2 * MAX_BLOB_BYTES,
        max_pending_messages: int = 256,
        max_drained_blobs: int = 1024,
    ) -> None:
        self._open_sink = open_sink
        self._receive_window = receive_window
        self._max_blob_bytes = max_blob_bytes
        self._max_pending_bytes = max_pending_bytes
        self._max_pending_messages = max_pending_messages
        self._max_drained_blobs = max_drained_blobs
        self._last_id = 0  # of the newest declared blob: ids only grow
        self._outstanding = 0  # bytes received and not yet credited
        self._pending: dict[int, _Pending] = {}  # by blob id, of incomplete blobs
        self._drained: OrderedDict[int, _Incoming] = OrderedDict()  # blobs that nobody wants any more

    @property
    def outstanding(self) -> int:
        """Return the bytes received and not yet credited."""
        return self._outstanding

    @property
    def pending(self) -> list[Message]:
        """Return the messages that wait for bytes, in the order of their declaration."""
        return [entry.message for entry in self._unique_pending()]

    def declare(self, message: Message) -> Delivery | None:
        """Take a decoded message. Return its delivery, or None where bytes must come first."""
        blobs = blobs_of(message)
        self._check_declaration(blobs)
        if not blobs:
            return Delivery(message)
        pending = _Pending(message, [])
        try:
            pending.incoming.extend(_Incoming(blob, self._open_sink(message, blob)) for blob in blobs)
        except BaseException:
            pending.abort()
            raise
        self._last_id = blobs[-1].id
        for entry in pending.incoming:
            if entry.is_complete:
                entry.check_hash()
            else:
                self._pending[entry.blob.id] = pending
        return pending.deliver() if pending.is_complete else None

    def receive(self, frame: Buffer) -> Delivery | None:
        """Take a binary frame. Return the delivery that it completes, or None."""
        chunk = decode_chunk(frame)
        self._outstanding += len(chunk.payload)
        if self._outstanding > self._receive_window:
            raise ProtocolError(f"More than the receive window of {self._receive_window} bytes came without credit.")
        if drained := self._drained.get(chunk.blob):
            drained.write(chunk.offset, chunk.payload)
            return None
        pending = self._pending.get(chunk.blob)
        if pending is None:
            raise ProtocolError(f"A chunk names blob {chunk.blob}, which is complete or was never declared.")
        (incoming,) = (entry for entry in pending.incoming if entry.blob.id == chunk.blob)
        incoming.write(chunk.offset, chunk.payload)
        if not incoming.is_complete:
            return None
        incoming.check_hash()
        del self._pending[chunk.blob]
        return pending.deliver() if pending.is_complete else None

    def take_credit(self, *, held: int = 0) -> int:
        """Return the bytes to grant now, and count them as granted; 0 while they are too few for a message.

        `held` bytes are kept back: they were received, but nobody has consumed them yet.
        """
        count = self._outstanding - held
        if count <= 0 or count < self._receive_window // 4:
            return 0
        self._outstanding -= count
        return count

    def discard(self, wanted: Callable[[Message], bool]) -> None:
        """Forget the incomplete messages for which `wanted` is false; what still comes of them is thrown away."""
        for pending in self._unique_pending():
            if not wanted(pending.message):
                pending.abort()
                for entry in pending.incoming:
                    if self._pending.pop(entry.blob.id, None):
                        self._drained[entry.blob.id] = entry
        while len(self._drained) > self._max_drained_blobs:
            self._drained.popitem(last=False)

    def abort(self) -> None:
        """Forget everything: the connection is gone."""
        for pending in self._unique_pending():
            pending.abort()
        self._pending.clear()
        self._drained.clear()

    def _unique_pending(self) -> list[_Pending]:
        return list({id(pending): pending for pending in self._pending.values()}.values())

    def _check_declaration(self, blobs: list[Blob]) -> None:
        last = self._last_id
        for blob in blobs:
            if blob.id <= last:
                raise ProtocolError(f"Blob {blob.id} is declared after blob {last}: ids must grow.")
            last = blob.id
            if blob.size > self._max_blob_bytes:
                raise ProtocolError(
                    f"Blob {blob.id} has {blob.size} bytes; at most {self._max_blob_bytes} are taken.",
                    code=ErrorCode.TOO_LARGE,
                    remedy="Choose a smaller region, or raise the server's limit.",
                )
        self._check_pending(blobs)

    def _check_pending(self, blobs: list[Blob]) -> None:
        pending = self._unique_pending()
        declared = sum(entry.blob.size for message in pending for entry in message.incoming)
        if blobs and len(pending) >= self._max_pending_messages:
            raise ProtocolError("Too many messages wait for their bytes.", code=ErrorCode.TOO_LARGE)
        if declared + sum(blob.size for blob in blobs) > self._max_pending_bytes:
            raise ProtocolError(
                f"More than {self._max_pending_bytes} bytes are declared and not yet sent.",
                code=ErrorCode.TOO_LARGE,
                remedy="Send the bytes of one message before declaring many others.",
            )
