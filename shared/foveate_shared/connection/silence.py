"""Notices that a connected server answers no more, as one that was suspended, and says so once, until it goes on.

A connection may be quiet while the server is well: it is at a long request of this very connection, or a long upload is
under way. So before anything is said, the server is asked over a connection of its own. The quiet one is kept: where
the server goes on, so does everything else.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from http.client import HTTPException

from ..errors import ConnectionLostError, ErrorCode, FoveateError
from .proved_server import prove
from .server_address import ServerAddress

QUIET_SECONDS = 2.5  # without any sign of life, until the server is asked; its answer may take as long
LOOK_SECONDS = 0.5  # between two looks


class SilenceWatch:
    """Watches one connection: look at it again and again."""

    def __init__(
        self,
        is_silent: Callable[[], bool],
        tell: Callable[[bool], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`is_silent` asks the server; `tell` is called with True where it answers no more, then False once it does."""
        self._is_silent = is_silent
        self._tell = tell
        self._clock = clock
        self._told = False
        self._asked = clock()  # when the server was asked last

    def look(self, heard: float) -> None:
        """Take note of when the connection gave its last sign of life, by the clock. May take QUIET_SECONDS."""
        now = self._clock()
        if now - heard < QUIET_SECONDS:
            if self._told:
                self._told = False
                self._tell(False)
        elif not self._told and now - self._asked >= QUIET_SECONDS:
            self._told = self._is_silent()
            self._asked = self._clock()
            if self._told:
                self._tell(True)


def is_silent(address: ServerAddress) -> bool:
    """Tell whether the server takes a connection and then says nothing. What else may be wrong, others will see."""
    try:
        prove(address, QUIET_SECONDS).close()
    except TimeoutError:
        return True
    except (OSError, HTTPException, FoveateError):
        return False
    return False


def silence(address: ServerAddress) -> ConnectionLostError:
    """Return what it means for a person."""
    if address.pid is None:
        return ConnectionLostError(
            "The server at {host}:{port} does not answer.",
            code=ErrorCode.CONNECTION_LOST,
            remedy="It may be suspended, or the network be down. Everything goes on once it answers.",
            host=address.host,
            port=address.port,
        )
    return ConnectionLostError(
        "The server (pid {pid}) does not answer.",
        code=ErrorCode.CONNECTION_LOST,
        remedy="It may be suspended: let it go on (`kill -CONT {pid}`), or end it.",
        pid=address.pid,
    )
