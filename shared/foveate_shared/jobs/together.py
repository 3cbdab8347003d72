"""Several flows that are driven as one: variations of one wish, each a job of its own at the server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..errors import FoveateError
from ..wire.protocol import Message
from .job_flow import JobProgress, Rerender


class Together:
    """What the driver needs of a flow, for all of them. See job_flow.Rerender."""

    def __init__(self, flows: Sequence[Rerender]) -> None:
        self._flows = tuple(flows)

    @property
    def ended(self) -> bool:
        """Tell whether nothing more will happen by itself to any."""
        return all(flow.ended for flow in self._flows)

    @property
    def status(self) -> JobProgress:
        """Return the status of the first one that runs, with how far all of them are."""
        running = next((flow for flow in self._flows if not flow.ended), None)
        if running is None or len(self._flows) == 1:
            return (running or self._flows[-1]).status
        done = sum(1.0 if flow.ended else flow.status.fraction for flow in self._flows)
        return replace(running.status, fraction=done / len(self._flows), seconds_left=None)

    def start(self) -> None:
        """Freeze the document, and submit all of them."""
        for flow in self._flows:
            flow.start()

    def handle(self, message: Message, payloads: Sequence[object] = ()) -> bool:
        """Hand a message to the one that it is about."""
        return any(flow.handle(message, payloads) for flow in self._flows)

    def pump(self) -> None:
        """Let each answer its windows, those of the first one first: the server makes them in that order."""
        is_behind = False  # another one
        for flow in self._flows:
            flow.pump(answers=not is_behind)
            is_behind = is_behind or flow.answers.are_wanted

    def interrupted(self, reason: str) -> None:
        """Show that the connection was lost."""
        for flow in self._flows:
            flow.interrupted(reason)

    def resumed(self) -> None:
        """Show that it is there again."""
        for flow in self._flows:
            flow.resumed()

    def cancel(self) -> None:
        """Cancel those that run."""
        for flow in self._flows:
            if not flow.ended:
                flow.cancel()

    def abandon(self, error: FoveateError) -> None:
        """End those that run, without the server."""
        for flow in self._flows:
            flow.abandon(error)
