"""Run one job to its end and wait for it: for hosts that have no event loop of their own to poll from."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ..connection.client import ClientEvent, ConnectionState, StateChange
from ..errors import CancelledJobError, ConnectionLostError, ErrorInfo, FoveateError, to_exception
from ..wire.protocol import JsonObject
from .dispatch_events import dispatch
from .host import Host
from .job_flow import FlowClient, JobProgress, JobState, Rerender
from .missing_parts import with_command
from .named_pictures import FrozenPicture

TICK_SECONDS = 0.1  # between two looks at `should_cancel`
CANCEL_SECONDS = 3.0  # for the server's answer to a cancel
PATIENCE_SECONDS = 60.0  # without a connection, after there was one


class WaitingClient(FlowClient, Protocol):
    """What the driver needs of :class:`foveate_shared.connection.client.Client`."""

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until :meth:`poll` has something to return."""

    def poll(self) -> list[ClientEvent]:
        """Return what happened since the last call."""


def run_job(
    client: WaitingClient,
    host: Host,
    operation: str,
    parameters: JsonObject,
    *,
    pictures: Mapping[str, FrozenPicture],
    takes_document: bool,
    owner: str = "",
    on_status: Callable[[JobProgress], None] = lambda _: None,
) -> JobProgress:
    """Run one job on a host to its end; return its last status. Raises the FoveateError that ended it.

    `owner` are arguments of `foveate jobs` that say whose job it is.
    """
    flow = Rerender(client, host, operation, parameters, pictures=pictures, takes_document=takes_document)
    flow.start()
    status = run_to_end(client, flow, on_status=on_status)
    if status.error:
        raise failure_of(flow, status.error, owner)
    if status.state is JobState.CANCELLED:
        raise CancelledJobError("The job was cancelled.")
    return status


def failure_of(flow: Rerender, error: ErrorInfo, owner: str = "") -> FoveateError:
    """Return the error that a flow has ended with; where its rest can be made, with the command for that.

    For where there is no button; `owner` as in :func:`run_job`.
    """
    return to_exception(with_command(error, flow.job, owner) if flow.can_make_rest else error)


def run_to_end(
    client: WaitingClient,
    flow: Rerender,
    *,
    on_status: Callable[[JobProgress], None] = lambda _: None,
    should_cancel: Callable[[], bool] = lambda: False,
    patience: float = PATIENCE_SECONDS,
    is_reached: bool = False,
) -> JobProgress:
    """Drive a flow that was started until it has ended; return its last status, which holds the error if there is one.

    `on_status` and `should_cancel` are called some times a second, on this thread. Where the server is not reached, or
    stays away for `patience` seconds, the flow is abandoned and the status says so. Whatever they raise, and Ctrl+C,
    cancels the job and goes on to the caller. `is_reached`: the server has greeted the client already.
    """
    waiting = _Countdown(patience, is_reached)
    try:
        while not flow.ended:
            if should_cancel():
                cancel_and_wait(client, flow)
                break
            client.wait(TICK_SECONDS)
            _step(client, flow, waiting)
            on_status(flow.status)
    except BaseException:
        cancel_and_wait(client, flow)
        raise
    return flow.status


def cancel_and_wait(client: WaitingClient, flow: Rerender, timeout: float = CANCEL_SECONDS) -> None:
    """Cancel a job; wait up to `timeout` seconds until the server confirms it. The flow has ended afterwards."""
    if flow.ended:
        return
    flow.cancel()
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline and not _has_ended(client, flow):
        pass
    flow.abandon(unconfirmed())


def unconfirmed() -> CancelledJobError:
    """Return how a job ends whose cancel was sent, and not answered in time."""
    return CancelledJobError("The job was cancelled; the server has not confirmed it yet.")


def _has_ended(client: WaitingClient, flow: Rerender) -> bool:
    client.wait(TICK_SECONDS)
    dispatch(client.poll(), [flow])
    return flow.ended


def _step(client: WaitingClient, flow: Rerender, waiting: _Countdown) -> None:
    events = client.poll()
    try:
        waiting.take(events)
        dispatch(events, [flow])
        waiting.check()
    except FoveateError as error:
        flow.abandon(error)


@dataclass
class _Countdown:
    """Decides when to stop waiting for a connection."""

    seconds: float
    was_ready: bool = False
    lost_since: float | None = None  # time.monotonic()

    def take(self, events: Sequence[ClientEvent]) -> None:
        """Look at the connection's changes. Raises the error where the server was never reached, or refused."""
        for event in events:
            if isinstance(event, StateChange):
                self._take(event)

    def check(self) -> None:
        """Raise ConnectionLostError where the connection has been lost for too long."""
        if self.lost_since is not None and time.monotonic() - self.lost_since > self.seconds:
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
