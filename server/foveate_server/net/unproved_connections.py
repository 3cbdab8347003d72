"""Connections that have not proved a token yet: few places, and little time for each.

Anyone can connect, so that a connection alone says nothing. The oldest of those that wait makes room for the newest:
who has a token shows at once that it does, and has a place among its like until it has proved it. The shell around it
is http_connection.py.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from foveate_server.net.gate import is_loopback


@dataclass(frozen=True)
class DoorLimits:
    """How many may wait without a token, and how long."""

    places: int = 64  # for strangers, and as many for those who have shown that they may have a token
    places_per_address: int = 16  # of another machine; all who are on this one share an address
    crowd_seconds: float = 1.0  # where so many strangers as there are places come within it, they are not served
    request_seconds: float = 5.0  # until a request has arrived as a whole: TLS, headers and body


class WaitingVisit(Protocol):
    """Who has a place."""

    address: str

    def close(self) -> None: ...  # noqa: D102


class UnprovedConnections:
    """The places of those who wait, oldest first."""

    def __init__(self, limits: DoorLimits, clock: Callable[[], float] = time.monotonic) -> None:
        self.limits = limits
        self._clock = clock
        self._waiting: dict[WaitingVisit, None] = {}  # in the order in which they came
        self._recognised: dict[WaitingVisit, None] = {}  # likewise
        self._arrivals: deque[float] = deque(maxlen=limits.places)  # when the last strangers came

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def is_crowded(self) -> bool:
        """Tell whether more strangers come than there is time for: as many as there are places, within a moment."""
        return (
            len(self._arrivals) == self.limits.places and self._clock() - self._arrivals[0] < self.limits.crowd_seconds
        )

    def enter(self, newcomer: WaitingVisit) -> None:
        """Give `newcomer` a place; where there is none left, close who has waited longest."""
        self._arrivals.append(self._clock())
        self._waiting[newcomer] = None
        neighbours = [waiting for waiting in self._waiting if waiting.address == newcomer.address]
        if len(neighbours) > self.limits.places_per_address and not is_loopback(newcomer.address):
            self._close(neighbours[0])
        elif len(self._waiting) > self.limits.places:
            self._close(next(iter(self._waiting)))

    def recognise(self, waiting: WaitingVisit) -> None:
        """Give who seems to have a token a place that no stranger takes."""
        if waiting not in self._waiting:
            return
        del self._waiting[waiting]
        if self._arrivals:
            self._arrivals.pop()  # no stranger
        self._recognised[waiting] = None
        if len(self._recognised) > self.limits.places:
            self._close(next(iter(self._recognised)))

    def leave(self, waiting: WaitingVisit) -> None:
        """Give a place back: its connection has ended, or has proved a token."""
        self._waiting.pop(waiting, None)
        self._recognised.pop(waiting, None)

    def close_all(self) -> None:
        """Close all that wait."""
        for waiting in [*self._waiting, *self._recognised]:
            self._close(waiting)

    def _close(self, waiting: WaitingVisit) -> None:
        self.leave(waiting)
        waiting.close()


class Visit:
    """One connection, from when it was accepted: has it shown a token, and is a request of it here as a whole."""

    def __init__(self, address: str, transport: asyncio.BaseTransport, unproved: UnprovedConnections) -> None:
        self.address = address
        # Of TCP, also where TLS goes over it: that would end politely, and wait for an answer.
        self._transport = transport
        self._unproved = unproved
        self._proved = False
        self._arrived = False  # whether the latest request is here as a whole
        self._deadline: asyncio.TimerHandle | None = None  # when the latest request has to be
        self._wait()
        unproved.enter(self)

    def prove(self) -> None:
        """Note that a request of it has proved a token."""
        self._proved = True
        self._unproved.leave(self)
        if self._arrived:
            self._rest()

    def recognise(self) -> None:
        """Note that it seems to have a token, which it has yet to prove."""
        self._unproved.recognise(self)

    def watch(self, *, arrived: bool) -> None:
        """Note whether the latest request is here as a whole; once one was, the time for the next one begins."""
        if self._arrived and not arrived:
            self._wait()
        self._arrived = arrived
        if self._arrived and self._proved:
            self._rest()

    def end(self) -> None:
        """Note that it has ended."""
        self._unproved.leave(self)
        self._rest()

    def close(self) -> None:
        """End it, whatever the other side does."""
        self._rest()
        if isinstance(self._transport, asyncio.WriteTransport):
            self._transport.abort()

    def _wait(self) -> None:
        self._rest()
        seconds = self._unproved.limits.request_seconds
        self._deadline = asyncio.get_running_loop().call_later(seconds, self.close)

    def _rest(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
