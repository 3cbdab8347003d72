"""A server that a panel has left for another one."""

from __future__ import annotations

from dataclasses import dataclass

from ..connection.client import ClientEvent, ConnectionState, StateChange
from .workbench_client import WorkbenchClient


@dataclass
class EarlierServer:
    """Its connection, which lives as long as a job there needs it."""

    client: WorkbenchClient
    is_ready: bool  # at the moment: what is sent arrives

    def poll(self) -> list[ClientEvent]:
        """Return what happened there since the last call."""
        events = self.client.poll()
        for event in events:
            if isinstance(event, StateChange):
                self.is_ready = event.state is ConnectionState.READY
        return events
