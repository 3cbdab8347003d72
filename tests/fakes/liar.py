"""Somebody else who listens where a server was, and keeps all bytes that come."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator

Answer = Callable[[bytes], bytes]  # to the head of a request


class Liar:
    """Answers each request with what `answer` returns for its head; with b"" it closes the connection."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self.heard = bytearray()
        self.connections = 0
        self._threads[0].start()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes who accepts
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                thread = threading.Thread(target=self._talk, args=[connection], daemon=True)
                self._threads.append(thread)
                thread.start()

    def _talk(self, connection: socket.socket) -> None:
        connection.settimeout(60)
        head = b""
        with connection, contextlib.suppress(OSError):
            while received := connection.recv(65_536):
                self.heard += received
                head += received
                if b"\r\n\r\n" not in head:
                    continue
                answer = self._answer(head)
                if not answer:
                    return
                connection.sendall(answer)
                head = b""


@contextlib.contextmanager
def lying(answer: Answer) -> Iterator[Liar]:
    """Give one who listens as long as the context lasts."""
    liar = Liar(answer)
    try:
        yield liar
    finally:
        liar.close()


def older_server(_head: bytes) -> bytes:
    """Answer as a server from before the mutual proof does: it refuses who shows no token."""
    error = {"code": "unauthorized", "message": "No.", "remedy": "", "fault": "user"}
    return response("401 Unauthorized", "WWW-Authenticate: Bearer", body=json.dumps(error))


def response(status: str, *headers: str, body: str = "") -> bytes:
    """Return an answer in HTTP."""
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body.encode())}", "", body]
    return "\r\n".join(lines).encode()
