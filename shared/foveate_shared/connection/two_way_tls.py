"""An encrypted socket on which one thread reads while another one writes, as the websocket library does.

OpenSSL allows a connection one call at a time, and Python does not see to it: before 3.13 two calls can meet, and what
is written while a ticket of TLS 1.3 is read never leaves; in 3.13.6 who writes waits until something can be read.
"""

from __future__ import annotations

import selectors
import ssl
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

Result = TypeVar("Result")


class TwoWayTlsSocket(ssl.SSLSocket):
    """Set it as a context's `sslsocket_class`. It is an ordinary socket until :meth:`open_both_ways`."""

    _turn: threading.Lock | None = None  # held for calls of OpenSSL, which do not wait for the network then
    _patience: float | None = None  # seconds that a call waits for the network; None: for ever

    def open_both_ways(self) -> None:
        """Let one thread call `recv` while another calls `sendall`, and any `shutdown`."""
        self._patience = self.gettimeout()
        super().settimeout(0)
        self._turn = threading.Lock()

    def settimeout(self, value: float | None, /) -> None:
        """Set how long later calls wait for the network."""
        if self._turn is None:
            super().settimeout(value)
        else:
            self._patience = value

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        """Return what has come, b"" at the end. Raises OSError."""
        call = partial(super().recv, buflen, flags)
        return call() if self._turn is None else self._carry_out(call, self._turn, selectors.EVENT_READ)

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Send all. Raises OSError."""
        if self._turn is None:
            super().sendall(data, flags)
            return
        with memoryview(data) as view, view.cast("B") as rest:
            sent = 0
            while sent < len(rest):
                call = partial(super().send, rest[sent:], flags)
                sent += self._carry_out(call, self._turn, selectors.EVENT_WRITE)

    def shutdown(self, how: int) -> None:
        """End the connection; who waits for the network is woken. Raises OSError."""
        if self._turn is None:
            super().shutdown(how)
            return
        with self._turn:
            super().shutdown(how)

    def _carry_out(self, call: Callable[[], Result], turn: threading.Lock, usual: int) -> Result:
        """Call as often as it takes, one thread at a time; the network is waited for in between."""
        while True:
            with turn:
                try:
                    return call()
                except ssl.SSLWantReadError:
                    awaited = selectors.EVENT_READ
                except ssl.SSLWantWriteError:
                    awaited = selectors.EVENT_WRITE
                except BlockingIOError:  # after a shutdown, when nothing is encrypted any more
                    awaited = usual
            self._wait(awaited)

    def _wait(self, awaited: int) -> None:
        with selectors.DefaultSelector() as selector:
            try:
                selector.register(self, awaited)
            except ValueError as error:
                raise OSError("the connection was closed") from error
            if not selector.select(self._patience):
                raise TimeoutError("timed out")
