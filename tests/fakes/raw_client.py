"""A client without manners: a websocket, and frames as the test wants them. Only what a test asks for is automatic."""

from __future__ import annotations

import itertools

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from fakes.jobs import crop, window_of
from foveate_shared.wire.blobs import BlobAssembler
from foveate_shared.wire.codec import decode, encode, encode_chunk
from foveate_shared.wire.protocol import (
    FINAL_EVENTS,
    LASTING_EVENTS,
    PATH,
    SERVER_MESSAGES,
    SUBPROTOCOL,
    Credit,
    Hello,
    Peer,
    Problem,
    Welcome,
    Windows,
)

PATIENCE = 60.0  # seconds


class RawClient:
    """One connection, greeted unless told otherwise."""

    def __init__(
        self,
        url,
        token,
        client="anna",
        *,
        greet=True,
        receive_window=8 << 20,
        subprotocols=(SUBPROTOCOL,),
        versions=(1,),
    ):
        headers = {"Authorization": f"Bearer {token}"}
        self.socket = connect(
            url.replace("http", "ws", 1) + PATH,
            subprotocols=list(subprotocols) or None,
            additional_headers=headers,
            compression=None,
            max_size=None,
            proxy=None,
        )
        self.assembler = BlobAssembler(receive_window=receive_window)
        self.deliveries = []
        self.grants = True  # give credit for what was received
        self._ids = itertools.count(1)
        if greet:
            self.send(Hello(versions, Peer("test", "1"), client, receive_window=receive_window))
            self.welcome = self.until(Welcome)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, message):
        self.socket.send(encode(message))

    def chunk(self, blob, offset, data):
        self.socket.send(encode_chunk(blob, offset, data))

    def next(self):
        """Return the next message whose bytes are complete, with its payloads in `deliveries`."""
        while True:
            frame = self.socket.recv(timeout=PATIENCE)
            if isinstance(frame, str):
                delivery = self.assembler.declare(decode(frame, SERVER_MESSAGES))
            else:
                delivery = self.assembler.receive(frame)
                if self.grants and (credit := self.assembler.take_credit()):
                    self.send(Credit(credit))
            if delivery:
                self.deliveries.append(delivery)
                return delivery.message

    def until(self, *classes, job=None):
        """Return the next message of the classes; those before it are in `deliveries`."""
        while True:
            message = self.next()
            if isinstance(message, classes) and job in (None, getattr(message, "job", None)):
                return message

    def of(self, *classes):
        return [delivery.message for delivery in self.deliveries if isinstance(delivery.message, classes)]

    @property
    def lasting(self):
        """Return the lasting events by number: they count as delivered when their bytes are complete."""
        return sorted(self.of(*LASTING_EVENTS), key=lambda event: event.seq)

    def answer(self, job, request):
        """Send one window of the document, without coverage."""
        blob = next(self._ids)
        self.send(window_of(job, request, first=blob))
        self.chunk(blob, 0, crop(request.bounds))

    def next_blob(self):
        return next(self._ids)

    def finish(self, job):
        """Answer what is asked until the job ends; return its last event."""
        while True:
            message = self.until(Windows, *FINAL_EVENTS, job=job)
            if not isinstance(message, Windows):
                while self.assembler.pending:  # endings may overtake patches' bytes
                    self.next()
                return message
            for request in message.requests:
                self.answer(job, request)

    def closing(self):
        """Read to the end; return the last problem and the close code."""
        try:
            while True:
                self.next()
        except ConnectionClosed as closed:
            problems = self.of(Problem)
            return (problems[-1] if problems else None), closed.rcvd.code if closed.rcvd else None
