"""Cuts the connections of this process's clients, as a cable that is pulled does: in the middle of whatever is sent."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any
from unittest import mock


class Connections:
    """The sockets that were opened within :meth:`watched`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Take note of what connects to a server."""
        create = socket.create_connection

        def noted(*arguments: Any, **options: Any) -> socket.socket:
            made = create(*arguments, **options)
            with self._lock:
                self._open.append(made)
            return made

        with mock.patch.object(socket, "create_connection", noted):
            yield

    def cut(self) -> bool:
        """End all that are open; return whether there was one."""
        with self._lock:
            connections, self._open = self._open, []
        was_open = False
        for each in connections:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
                was_open = True
        return was_open
