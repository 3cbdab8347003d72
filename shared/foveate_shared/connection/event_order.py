"""The order of a job's lasting events: one that waits for its bytes holds up all that came after it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from ..wire.blobs import Delivery
from ..wire.protocol import JobEvent


@dataclass
class _Place:
    """Of an event in its job's order; `delivery` is None while bytes are missing."""

    event: JobEvent
    delivery: Delivery | None


class EventOrder:
    """The lasting events of all jobs of a connection that were not given out yet."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[_Place]] = {}  # by job; only the session touches it

    def add(self, event: JobEvent, delivery: Delivery | None) -> None:
        """Take an event behind its job's others; without `delivery` its bytes are still under way."""
        self._waiting.setdefault(event.job, deque()).append(_Place(event, delivery))

    def complete(self, job: str, delivery: Delivery) -> None:
        """Take note that an event's bytes are there."""
        for place in self._waiting.get(job, ()):
            if place.event is delivery.message:
                place.delivery = delivery

    def whole(self, job: str) -> Iterator[tuple[JobEvent, Delivery]]:
        """Give out a job's events in order, up to the first that still lacks bytes; each is let go as it is given."""
        places = self._waiting.get(job)
        while places and places[0].delivery:
            place = places.popleft()
            if place.delivery:
                yield place.event, place.delivery

    def forget(self, job: str) -> None:
        """Let go of all that waits of a job."""
        self._waiting.pop(job, None)

    def clear(self) -> None:
        """Let go of all."""
        self._waiting.clear()
