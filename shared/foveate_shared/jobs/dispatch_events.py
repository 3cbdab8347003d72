"""What a connection brought, handed to the flows that share it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..connection.client import ClientEvent, ConnectionState, StateChange
from ..errors import to_exception
from .job_flow import Rerender


def dispatch(events: Iterable[ClientEvent], flows: Sequence[Rerender]) -> None:
    """Hand what a client polled to the flows that share it, and let them answer windows; some times a second."""
    for event in events:
        if isinstance(event, StateChange):
            _tell_state(event, flows)
        else:
            for flow in flows:
                flow.handle(event.message, event.payloads)
    for flow in flows:
        flow.pump()


def _tell_state(change: StateChange, flows: Sequence[Rerender]) -> None:
    for flow in flows:
        if change.state is ConnectionState.REFUSED and change.error:
            flow.abandon(to_exception(change.error))
        elif change.state is ConnectionState.LOST:
            flow.interrupted("Connection lost, trying again")
