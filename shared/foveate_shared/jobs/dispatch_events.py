"""What a connection brought, handed to the flows that share it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from ..connection.client import ClientEvent, ConnectionState, StateChange
from ..errors import FoveateError, to_exception
from ..wire.protocol import Message


class DrivenFlow(Protocol):
    """A job_flow.Rerender, or several Together."""

    def handle(self, message: Message, payloads: Sequence[object] = ()) -> bool:
        """Take a message; return whether it was about it."""

    def pump(self) -> None:
        """Answer windows, and go on applying."""

    def interrupted(self, reason: str) -> None:
        """Show that the server is away."""

    def resumed(self) -> None:
        """Show that it is there again."""

    def abandon(self, error: FoveateError) -> None:
        """End without the server."""


def dispatch(events: Iterable[ClientEvent], flows: Sequence[DrivenFlow]) -> None:
    """Hand what a client polled to the flows that share it, and let them answer windows; some times a second."""
    for event in events:
        if isinstance(event, StateChange):
            _tell_state(event, flows)
        else:
            for flow in flows:
                flow.handle(event.message, event.payloads)
    for flow in flows:
        flow.pump()


def _tell_state(change: StateChange, flows: Sequence[DrivenFlow]) -> None:
    for flow in flows:
        if change.state is ConnectionState.REFUSED and change.error:
            flow.abandon(to_exception(change.error))
        elif change.state is ConnectionState.SILENT and change.error:
            flow.interrupted(change.error.message)
        elif change.state is ConnectionState.LOST:
            flow.interrupted("Connection lost, trying again")
        elif change.state is ConnectionState.READY:
            flow.resumed()
