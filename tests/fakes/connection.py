"""A connection that writes down what a flow sends."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from foveate_shared.wire.blobs import Buffer, MintMessage
from foveate_shared.wire.codec import encode
from foveate_shared.wire.protocol import Blob, Message


@dataclass
class RecordingConnection:
    """Checks every message against the rules of the wire, as the real one does."""

    queued_bytes: int = 0
    sent: list[tuple[Message, tuple[bytes, ...]]] = field(default_factory=list)

    def post(self, message: Message, *, job: str | None = None) -> None:
        encode(message)
        self.sent.append((message, ()))

    def send(self, build: MintMessage, payloads: Sequence[Buffer], *, job: str | None = None) -> None:
        data = tuple(bytes(payload) for payload in payloads)
        blobs = (Blob(i + 1, len(entry), sha256(entry).hexdigest()) for i, entry in enumerate(data))
        message = build(*blobs)
        encode(message)
        self.sent.append((message, data))

    @property
    def messages(self) -> list[Message]:
        return [message for message, _ in self.sent]

    @property
    def last(self) -> Message:
        return self.sent[-1][0]
