"""Questions to the server, one at a time, for who waits for the answer: commands in a terminal, scripts, GIMP.

with Client(find, client_id, peer) as client:
    jobs = Inquiry(client).jobs()
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Protocol

from ..errors import ConnectionLostError, to_exception
from ..wire.blobs import Delivery
from ..wire.protocol import Jobs, JobSummary, ModelInfo, Models, Problem, Welcome
from .client import ClientEvent, ConnectionState, StateChange

ANSWER_SECONDS = 30.0  # of a server that was found
_LOOK_SECONDS = 1.0  # between two looks at the clock


class AskingClient(Protocol):
    """What an inquiry needs of :class:`foveate_shared.connection.client.Client`."""

    def list_jobs(self) -> int:
        """Ask for this owner's jobs; return the answer's number."""

    def list_models(self) -> int:
        """Ask for the models; return the answer's number."""

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until :meth:`poll` has something to return."""

    def poll(self) -> list[ClientEvent]:
        """Return what happened since the last call."""


class Inquiry:
    """See the module. Every question raises the FoveateError that says why there is no answer."""

    def __init__(self, client: AskingClient, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`client` was just opened: its events are taken here."""
        self._client = client
        self._clock = clock
        self._welcome: Welcome | None = None

    def welcome(self) -> Welcome:
        """Return the server's greeting, with its name, its limits and its operations."""
        while self._welcome is None:
            next(self._events())
        return self._welcome

    def jobs(self) -> tuple[JobSummary, ...]:
        """Return this owner's jobs, oldest first."""
        return self.listing().jobs

    def listing(self) -> Jobs:
        """Return this owner's jobs, and those that expired."""
        answer = self._answer(self._client.list_jobs())
        return answer if isinstance(answer, Jobs) else Jobs(0, ())

    def models(self) -> tuple[ModelInfo, ...]:
        """Return the server's models."""
        answer = self._answer(self._client.list_models())
        return answer.models if isinstance(answer, Models) else ()

    def _answer(self, request: int) -> Jobs | Models:
        return next(
            _without_problem(event) for event in self._events() if getattr(event.message, "request", None) == request
        )

    def _events(self) -> Iterator[Delivery]:
        """Give what the server says. Raises FoveateError where the connection fails, or nothing more comes."""
        deadline: float | None = self._clock() + ANSWER_SECONDS
        while deadline is None or self._clock() < deadline:
            self._client.wait(_LOOK_SECONDS)
            for event in self._client.poll():
                if isinstance(event, Delivery):
                    if isinstance(event.message, Welcome):
                        self._welcome = event.message
                    yield event
                    continue
                _require_no_failure(event)
                # While it is searched for, it may be starting: who starts it knows how long that may take.
                is_starting = event.state is ConnectionState.SEARCHING
                deadline = None if is_starting else self._clock() + ANSWER_SECONDS
        raise ConnectionLostError("The server does not answer.", remedy="Look at its log, or start it anew.")


def _require_no_failure(change: StateChange) -> None:
    if change.error:
        raise to_exception(change.error)


def _without_problem(event: Delivery) -> Jobs | Models:
    if isinstance(event.message, Problem):
        raise to_exception(event.message.error)
    assert isinstance(event.message, (Jobs, Models))  # noqa: S101 - nothing else has a request number
    return event.message
