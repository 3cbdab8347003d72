"""What a workbench, with all of its jobs, needs of a connection."""

from __future__ import annotations

from typing import Protocol

from ..connection.client import ClientEvent
from ..wire.protocol import Ack, Peer
from .window_answers import FlowClient


class WorkbenchClient(FlowClient, Protocol):
    """What the workbench needs of :class:`foveate_shared.connection.client.Client`."""

    peer: Peer  # the plugin's own name and version

    def list_jobs(self) -> int:
        """Ask for this owner's jobs; a Jobs event follows."""

    def list_models(self) -> int:
        """Ask for the models; a Models event follows."""

    def poll(self) -> list[ClientEvent]:
        """Return what happened since the last call."""

    def close(self) -> tuple[Ack, ...]:
        """End the connection; return the acks that may not have arrived."""
