"""Answering the server's requests for windows of the document, as far as the connection keeps up."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from ..errors import InputError
from ..wire.blobs import Buffer, MintMessage
from ..wire.protocol import DOCUMENT, Blob, ClientMessage, Pixels, Window, WindowRequest
from .apply_result import STEP_SECONDS
from .host import Host, StepwiseHost
from .named_pictures import FrozenPicture

MAX_QUEUED_BYTES = 32 << 20  # of windows that wait for the wire: more are read from the host only after that


class PictureNotHereError(InputError):
    """The server asked for a picture that this client does not have, such as one of a job that it resumes."""


class FlowClient(Protocol):
    """What a flow needs of :class:`foveate_shared.connection.client.Client`."""

    @property
    def queued_bytes(self) -> int:
        """Return the bytes that wait to be sent."""

    def post(self, message: ClientMessage, *, job: str | None = None) -> None:
        """Send a message without blobs. After a reconnect, jobs are submitted or resumed again by themselves."""

    def send(self, build: MintMessage, payloads: Sequence[Buffer], *, job: str | None = None) -> None:
        """Send a message with blobs, one per payload, which must stay as they are."""


class Answers:
    """The windows of one job that were asked for, and not yet read from the host, or from the job's pictures."""

    def __init__(
        self, job: str, host: Host, pictures: Mapping[str, FrozenPicture], asks_from: float | None = None
    ) -> None:
        """A job that takes `asks_from` seconds is to be begun by the person: nothing is sent before."""
        self._job = job
        self._host = host
        self._pictures = pictures  # by name
        self._requests: deque[WindowRequest] = deque()  # in the order in which they came
        self._asks_from = asks_from
        self.are_held = False  # until the person says yes: nothing is sent, and so nothing is made

    def are_held_by(self, seconds: float | None) -> bool:
        """Take how long the job is expected to take; return whether the person is to be asked."""
        self.are_held = self._asks_from is not None and seconds is not None and seconds >= self._asks_from
        return self.are_held

    def release(self) -> None:
        """Take that the person said yes, whether or not the question has come up yet: it does not come up again."""
        self._asks_from, self.are_held = None, False

    def ask(self, requests: Iterable[WindowRequest]) -> None:
        """Note what the server wants."""
        self._requests.extend(requests)

    def clear(self) -> None:
        """Forget what was asked: the job has ended, or all of it is asked for anew."""
        self._requests.clear()

    @property
    def are_wanted(self) -> bool:
        """Tell whether any was asked for and not sent yet."""
        return bool(self._requests)

    def can_go_on(self, connection: FlowClient) -> bool:
        """Tell whether a window is to be read and sent right now."""
        return self.are_wanted and not self.are_held and connection.queued_bytes < MAX_QUEUED_BYTES

    def go_on(self, connection: FlowClient) -> None:
        """Read and send windows, for a moment where the host works step by step. Raises FoveateError for the host."""
        until = time.monotonic() + STEP_SECONDS if isinstance(self._host, StepwiseHost) else None
        while self.can_go_on(connection):
            self._answer(self._requests.popleft(), connection)
            if until is not None and time.monotonic() >= until:
                return

    def _answer(self, request: WindowRequest, connection: FlowClient) -> None:
        source = self._source(request.source)
        image = source.read_pixels(request.bounds, request.extent)
        coverage = source.read_coverage(request.bounds, image.extent) if request.coverage else None

        def build(pixels: Blob, covered: Blob | None = None) -> Window:
            return Window(
                self._job,
                request.id,
                Pixels(image.extent, image.format, pixels),
                Pixels(coverage.extent, coverage.format, covered) if coverage and covered else None,
            )

        connection.send(build, (image.data, coverage.data) if coverage else (image.data,), job=self._job)

    def _source(self, name: str) -> Host | FrozenPicture:
        if name == DOCUMENT:
            return self._host
        picture = self._pictures.get(name)
        if picture is None:
            raise PictureNotHereError(
                "The job works with a picture named {name!r}, which is not here.",
                remedy="Run it, or resume it, with that picture.",
                name=name,
            )
        return picture
