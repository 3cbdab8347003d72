"""A relay in front of the server, which notes when pixels pass. It understands websocket frames, not their content."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import cycle
from urllib.parse import urlsplit

_TEXT, _BINARY = 1, 2  # RFC 6455, 5.2: opcodes
_BLOCK = 1 << 20


@dataclass
class Traffic:
    """When something passed, in seconds of time.monotonic(), since the job began."""

    pixels_up: list[float] = field(default_factory=list)  # beginning and end of each frame with pixels
    pixels_down: list[float] = field(default_factory=list)
    messages: list[tuple[float, dict[str, object]]] = field(default_factory=list)  # both directions
    bytes_up: int = 0
    bytes_down: int = 0

    def first(self, kind: str) -> dict[str, object]:
        """Return the first message of a type."""
        return next(message for _, message in self.messages if message.get("type") == kind)


class Frames:
    """Follows one direction of a connection: first the header of HTTP, then frames where it became a websocket."""

    def __init__(self, on_pixels: Callable[[float], None], on_text: Callable[[float, bytes], None]) -> None:
        self._on_pixels = on_pixels
        self._on_text = on_text
        self._head: bytes | None = b""  # of HTTP; None once frames come
        self._pending = b""  # an incomplete frame's header, or a text so far
        self._left = 0  # bytes of a frame with pixels that are still to come

    def feed(self, data: bytes, now: float) -> None:
        """Take the next bytes."""
        if self._head is not None:
            head, end, data = (self._head + data).partition(b"\r\n\r\n")
            self._head = None if end and b"websocket" in head.lower() else head + end + data
            if self._head is not None:
                return
        while data:
            data = self._skip(data, now) if self._left else self._begin(self._pending + data, now)

    def _skip(self, data: bytes, now: float) -> bytes:
        taken = min(self._left, len(data))
        self._left -= taken
        if not self._left:
            self._on_pixels(now)
        return data[taken:]

    def _begin(self, data: bytes, now: float) -> bytes:
        header = _header(data)
        self._pending = b""
        if header is None:
            self._pending = data
            return b""
        opcode, start, size, mask = header
        if opcode == _BINARY:
            self._on_pixels(now)
            self._left = size
            return data[start:]
        if len(data) < start + size:
            self._pending = data
            return b""
        if opcode == _TEXT:
            payload = data[start : start + size]
            text = bytes(one ^ other for one, other in zip(payload, cycle(mask), strict=False)) if mask else payload
            self._on_text(now, text)
        return data[start + size :]


def _header(data: bytes) -> tuple[int, int, int, bytes] | None:
    """Return a frame's opcode, where its payload begins, its size and its mask; None where the header is incomplete."""
    if len(data) < 2:
        return None
    opcode, size, is_masked = data[0] & 15, data[1] & 127, data[1] & 128
    more = {126: 2, 127: 8}.get(size, 0)
    start = 2 + more + (4 if is_masked else 0)
    if len(data) < start:
        return None
    if more:
        size = int.from_bytes(data[2 : 2 + more], "big")
    return opcode, start, size, data[start - 4 : start] if is_masked else b""


class Relay:
    """Listens on a free port of the loopback interface, and passes all on to the server. A context manager."""

    def __init__(self, url: str) -> None:
        """`url`: the server's."""
        parts = urlsplit(url)
        self._target = (parts.hostname, parts.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = parts._replace(netloc=f"127.0.0.1:{self._listener.getsockname()[1]}").geturl()
        self.traffic = Traffic()  # threads write to it, one list each but for the messages

    def __enter__(self) -> Relay:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def take(self) -> Traffic:
        """Return what passed since the last call."""
        taken, self.traffic = self.traffic, Traffic()
        return taken

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed
                return
            server = socket.create_connection(self._target)
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            up = Frames(self._note_up, self._note)
            down = Frames(self._note_down, self._note)
            for source, target, frames, is_up in ((client, server, up, True), (server, client, down, False)):
                threading.Thread(target=self._pass_on, args=(source, target, frames, is_up), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, frames: Frames, is_up: bool) -> None:
        try:
            while data := source.recv(_BLOCK):
                frames.feed(data, time.monotonic())
                target.sendall(data)
                if is_up:
                    self.traffic.bytes_up += len(data)
                else:
                    self.traffic.bytes_down += len(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:  # one of both has gone
            source.close()
            target.close()

    def _note_up(self, now: float) -> None:
        self.traffic.pixels_up.append(now)

    def _note_down(self, now: float) -> None:
        self.traffic.pixels_down.append(now)

    def _note(self, now: float, text: bytes) -> None:
        self.traffic.messages.append((now, json.loads(text)))
