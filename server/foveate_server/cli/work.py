"""One job from the command line: start it, show how it goes, end it well, also on Ctrl+C."""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, field, replace

from foveate_server.cli.connect import connect
from foveate_server.cli.display import Display
from foveate_server.cli.document import PictureDocument
from foveate_shared.client import Client, ClientEvent, ConnectionState, StateChange
from foveate_shared.errors import CancelledJobError, ConnectionLostError, ErrorInfo, FoveateError, to_exception
from foveate_shared.protocol import JsonObject
from foveate_shared.rerender import Rerender, State, dispatch

TICK_SECONDS = 0.1
CANCEL_SECONDS = 3.0  # for the server's answer to a cancel
PATIENCE_SECONDS = 60.0  # without a connection, after there was one


@dataclass
class Patience:
    """Decides when to stop waiting for a connection."""

    was_ready: bool = False
    lost_since: float | None = None  # time.monotonic()
    error: FoveateError | None = field(default=None, repr=False)

    def take(self, events: list[ClientEvent]) -> None:
        """Look at the connection's changes. Raises the error where the server was never reached, or refused."""
        for event in events:
            if isinstance(event, StateChange):
                self._take(event)

    def check(self) -> None:
        """Raise ConnectionLostError where the connection has been lost for too long."""
        if self.lost_since is not None and time.monotonic() - self.lost_since > PATIENCE_SECONDS:
            raise ConnectionLostError(
                "The connection to the server was lost and does not come back.",
                remedy="The job goes on if the server does: see `foveate jobs`.",
            )

    def _take(self, change: StateChange) -> None:
        if change.state is ConnectionState.READY:
            self.was_ready, self.lost_since = True, None
        elif change.error and (change.state is ConnectionState.REFUSED or not self.was_ready):
            raise to_exception(change.error)
        elif change.state is ConnectionState.LOST and self.lost_since is None:
            self.lost_since = time.monotonic()


def run_job(
    options: argparse.Namespace,
    display: Display,
    document: PictureDocument,
    operation: str,
    parameters: JsonObject,
    *,
    job: str | None = None,
) -> Rerender:
    """Run a job to its end and return its flow; the document has stored the result.

    Raises the FoveateError that ended it; on KeyboardInterrupt the job is cancelled first.
    """
    with connect(options, display) as client:
        flow = Rerender(client, document, operation, parameters, job=job)
        flow.start()
        try:
            _drive(client, flow, display)
        except KeyboardInterrupt:
            _cancel(client, flow)
            raise
    display.show(flow.status)
    if flow.status.state is State.CANCELLED:
        raise CancelledJobError("The job was cancelled.", remedy="Nothing was written.")
    if flow.status.error:
        raise _with_rescue(flow.status.error, flow)
    return flow


def _with_rescue(error: ErrorInfo, flow: Rerender) -> FoveateError:
    """Return the error; where the result could not be written, with the way to get it all the same."""
    if flow.status.state is not State.UNAPPLIED:
        return to_exception(error)
    remedy = f"{error.remedy} The server keeps the result: `foveate jobs resume {flow.job} IN OUT`."
    return to_exception(replace(error, remedy=remedy.strip()))


def _drive(client: Client, flow: Rerender, display: Display) -> None:
    patience = Patience()
    while not flow.ended:
        client.wait(TICK_SECONDS)
        events = client.poll()
        patience.take(events)
        dispatch(events, [flow])
        patience.check()
        display.show(flow.status)


def _cancel(client: Client, flow: Rerender) -> None:
    flow.cancel()
    deadline = time.monotonic() + CANCEL_SECONDS
    while not flow.ended and time.monotonic() < deadline:
        client.wait(TICK_SECONDS)
        dispatch(client.poll(), [flow])
