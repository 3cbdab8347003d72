"""The client's end of one connection, sans-I/O: frames in, deliveries out; intents in, frames out.

    CONNECTING --connected()--> GREETING --welcome--> READY --close()--> CLOSED

What must outlive the connection is in the :class:`~foveate_shared.ledger.Ledger`: intents are recorded there at any
time, and sent, or sent again, once a session is READY. A session is used from one thread.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto

from .blobs import BlobAssembler, BlobSender, Buffer, Delivery, MemorySink, Sink
from .codec import decode
from .errors import ErrorCode, Fault, FoveateError, InputError, ProtocolError
from .geometry import Extent
from .ledger import UNSENT, Ledger, OpenJob
from .pixels import COVERAGE_U8, PixelFormat
from .protocol import (
    FINAL_EVENTS,
    FLEETING_EVENTS,
    LASTING_EVENTS,
    MAX_BLOB_BYTES,
    SERVER_MESSAGES,
    Ack,
    Blob,
    Cancel,
    Cancelled,
    Credit,
    Hello,
    JobEvent,
    Jobs,
    Limits,
    ListJobs,
    ListModels,
    Message,
    Models,
    Pixels,
    Problem,
    Profile,
    Resume,
    Submit,
    Welcome,
    Window,
    Windows,
)

_JOB_IS_GONE = (ErrorCode.UNKNOWN_JOB, ErrorCode.EXPIRED)


class SessionState(Enum):
    """Where a session is in its life."""

    CONNECTING = auto()
    GREETING = auto()
    READY = auto()
    CLOSED = auto()


_LEGAL = {
    (SessionState.CONNECTING, SessionState.GREETING),
    (SessionState.GREETING, SessionState.READY),
    (SessionState.CONNECTING, SessionState.CLOSED),
    (SessionState.GREETING, SessionState.CLOSED),
    (SessionState.READY, SessionState.CLOSED),
}


@dataclass(frozen=True)
class WindowPixels:
    """The answer to a window request. The buffers must stay as they are until they are sent."""

    extent: Extent
    format: PixelFormat
    pixels: Buffer
    coverage: Buffer | None = None  # of the same extent, in `coverage_format`
    coverage_format: PixelFormat = COVERAGE_U8

    @property
    def buffers(self) -> list[Buffer]:
        """Return the buffers, in the order of the message's blobs."""
        return [self.pixels] if self.coverage is None else [self.pixels, self.coverage]

    def message(self, job: str, window: str, pixels: Blob, coverage: Blob | None = None) -> Window:
        """Return the message that declares them."""
        plane = None if coverage is None else Pixels(self.extent, self.coverage_format, coverage)
        return Window(job, window, Pixels(self.extent, self.format, pixels), plane)


@dataclass
class _Slot:
    """The place of a lasting event in its job's order; `delivery` is None while bytes are missing."""

    message: JobEvent
    delivery: Delivery | None


class _NoSink:
    """Takes the bytes of a job that this client does not follow."""

    def write(self, data: memoryview) -> None:
        pass

    def finish(self) -> object:
        return b""

    def abort(self) -> None:
        pass


class Session:
    """One connection's state. See the module's docstring."""

    def __init__(self, ledger: Ledger, hello: Hello) -> None:
        self._ledger = ledger
        self._hello = hello
        self._state = SessionState.CONNECTING
        self._connection = UNSENT  # this connection's number in the ledger, once it is READY
        self._limits = Limits()
        self._sender = BlobSender()
        self._assembler = BlobAssembler(self._open_sink, receive_window=hello.receive_window)
        self._arrivals: dict[str, deque[_Slot]] = {}  # lasting events per job that wait for bytes before them
        self._local: list[Delivery] = []  # what happened without the server

    @property
    def state(self) -> SessionState:
        """Return where the session is in its life."""
        return self._state

    # --- the connection ----------------------------------------------------------------------------------------------

    def connected(self) -> None:
        """Take note that the websocket is open: hello is the first frame."""
        self._enter(SessionState.GREETING)
        self._sender.post(self._hello)

    def close(self) -> None:
        """Take note that the websocket is gone. The ledger knows what to resume."""
        if self._state is not SessionState.CLOSED:
            self._enter(SessionState.CLOSED)
            self._assembler.abort()
            self._arrivals.clear()

    def next_frame(self) -> str | bytes | None:
        """Return the next frame to send, or None while there is none. Control messages come before chunks."""
        return None if self._state is SessionState.CLOSED else self._sender.next_frame()

    def grant(self, *, held: int) -> None:
        """Grant the server credit for what was received, except `held` bytes that nobody has taken yet."""
        if self._state is SessionState.READY and (count := self._assembler.take_credit(held=held)):
            self._sender.post(Credit(count))

    def receive_text(self, text: str) -> list[Delivery]:
        """Take a control frame; return what is to be told. Raises ProtocolError where the server broke the contract."""
        self._expect(SessionState.GREETING, SessionState.READY)
        try:
            message = decode(text, SERVER_MESSAGES)
            return [*self._receive(message), *self._take_local()]
        except ProtocolError as error:
            if error.info.code is ErrorCode.UNKNOWN_MESSAGE:
                return []  # a newer server's
            raise _blame_server(error) from error

    def receive_bytes(self, frame: Buffer) -> list[Delivery]:
        """Take a chunk; return what is to be told. Raises ProtocolError where the server broke the contract."""
        self._expect(SessionState.READY)
        try:
            delivery = self._assembler.receive(frame)
        except ProtocolError as error:
            raise _blame_server(error) from error
        return [] if delivery is None else list(self._complete(delivery))

    # --- intents -----------------------------------------------------------------------------------------------------

    def submit(self, message: Submit, icc: bytes | None = None) -> None:
        """Submit a job. With `icc`, the profile in the message is replaced by it."""
        job = OpenJob(message.job, message, icc)
        self._ledger.jobs[job.job] = job
        if self._state is SessionState.READY:
            self._send_submit(job)

    def follow(self, job: str, since: int = 0) -> None:
        """Take up a job that was submitted before, maybe by another process, after event number `since`."""
        self._ledger.jobs[job] = OpenJob(job, None, submitted=True, accepted=True, last=since)
        self._post_if_ready(Resume(job, since))

    def send_window(self, job: str, window: str, answer: WindowPixels) -> None:
        """Answer a window request. Answers to jobs that have ended are dropped.

        Raises InputError where the window was never asked for or is too large for the server.
        """
        entry = self._ledger.jobs.get(job)
        if entry is None or entry.cancelling:
            return
        if window not in entry.windows:
            raise InputError(f"The server did not ask for window {window!r} of job {job}.")
        entry.windows[window].answered_on = self._connection if self._state is SessionState.READY else UNSENT
        if self._state is SessionState.READY:
            self._check_size(answer)
            self._sender.send(lambda *blobs: answer.message(job, window, *blobs), answer.buffers, job=job)

    def cancel(self, job: str) -> None:
        """Cancel a job: pixels that wait are dropped, and the message overtakes all others."""
        entry = self._ledger.jobs.get(job)
        if entry is None or entry.cancelling:
            return
        entry.cancelling = True
        self._sender.discard(job)
        self._post_if_ready(Cancel(job))

    def ack(self, job: str) -> None:
        """Tell the server to forget an ended job."""
        if self._state is SessionState.READY:
            self._sender.post(Ack(job))
        else:
            self._ledger.acks.add(job)

    def list_jobs(self) -> int:
        """Ask for the jobs; return the number that the answer will bear."""
        return self._ask(ListJobs)

    def list_models(self) -> int:
        """Ask for the models; return the number that the answer will bear."""
        return self._ask(ListModels)

    # --- state -------------------------------------------------------------------------------------------------------

    def _enter(self, state: SessionState) -> None:
        if (self._state, state) not in _LEGAL:
            raise RuntimeError(f"a session does not go from {self._state.name} to {state.name}")
        self._state = state

    def _expect(self, *states: SessionState) -> None:
        if self._state not in states:
            raise RuntimeError(f"a session takes no such frame while it is {self._state.name}")

    def _post_if_ready(self, message: Message) -> None:
        if self._state is SessionState.READY:
            self._sender.post(message)

    def _ask(self, kind: type[ListJobs | ListModels]) -> int:
        question = self._ledger.ask(kind)
        self._post_if_ready(question)
        return question.request

    def _take_local(self) -> list[Delivery]:
        taken, self._local = self._local, []
        return taken

    # --- sending -----------------------------------------------------------------------------------------------------

    def _send_submit(self, job: OpenJob) -> None:
        if job.submit is None:
            return
        submit, icc = job.submit, job.icc
        if icc is None:
            self._sender.post(submit)
        else:
            self._sender.send(lambda blob: _with_profile(submit, blob), [icc], job=job.job)
        job.submitted = True

    def _check_size(self, answer: WindowPixels) -> None:
        largest = max(memoryview(buffer).nbytes for buffer in answer.buffers)
        limit = min(self._limits.max_blob_bytes, MAX_BLOB_BYTES)
        if largest > limit:
            raise InputError(
                f"A window of {largest} bytes is more than the server takes ({limit} bytes).",
                code=ErrorCode.TOO_LARGE,
                remedy="Select a smaller region.",
            )

    def _send_again(self) -> None:
        """Bring a fresh connection up to date with the ledger."""
        for job in self._ledger.followed():
            if job.cancelling and not job.submitted:
                self._ledger.end(job.job)
                self._local.append(Delivery(Cancelled(job.job, 1)))
                continue
            if job.accepted:
                self._sender.post(Resume(job.job, job.last))
            else:
                self._send_submit(job)
            if job.cancelling:
                self._sender.post(Cancel(job.job))
        for ended in sorted(self._ledger.acks):
            self._sender.post(Ack(ended))
        self._ledger.acks.clear()
        for question in self._ledger.questions.values():
            self._sender.post(question)

    # --- receiving ---------------------------------------------------------------------------------------------------

    def _receive(self, message: Message) -> list[Delivery]:
        if isinstance(message, Problem):
            return self._receive_problem(message)
        if self._state is SessionState.GREETING:
            return self._receive_welcome(message)
        if isinstance(message, Credit):
            self._sender.grant(message.bytes)
            return []
        if isinstance(message, (Jobs, Models)):
            self._ledger.questions.pop(message.request, None)
            return [Delivery(message)]
        if isinstance(message, (*LASTING_EVENTS, *FLEETING_EVENTS)):
            return list(self._receive_event(message))
        raise ProtocolError("A second welcome came.")

    def _receive_welcome(self, message: Message) -> list[Delivery]:
        if not isinstance(message, Welcome):
            raise ProtocolError(f"The server sent {message.TYPE} before its welcome.")
        if message.version not in self._hello.versions:
            raise ProtocolError(
                f"The server chose version {message.version} of the protocol, which was not offered.",
                code=ErrorCode.VERSION_MISMATCH,
                remedy="Update this program.",
            )
        self._limits = message.limits
        self._sender = BlobSender(message.receive_window, max_chunk_bytes=message.limits.max_chunk_bytes)
        self._enter(SessionState.READY)
        self._ledger.connections += 1
        self._connection = self._ledger.connections
        self._send_again()
        return [Delivery(message)]

    def _receive_problem(self, problem: Problem) -> list[Delivery]:
        job = self._ledger.jobs.get(problem.job or "")
        if job and (not job.accepted or problem.error.code in _JOB_IS_GONE):
            self._forget(job.job)
        if problem.request is not None:
            self._ledger.questions.pop(problem.request, None)
        return [Delivery(problem)]

    def _receive_event(self, event: JobEvent) -> Iterator[Delivery]:
        delivery = self._assembler.declare(event)
        if event.job not in self._ledger.jobs:
            return  # another connection of this owner follows it
        if isinstance(event, Cancelled):
            self._forget(event.job)
            yield Delivery(event)
        elif isinstance(event, LASTING_EVENTS):
            self._arrivals.setdefault(event.job, deque()).append(_Slot(event, delivery))
            yield from self._flush(event.job)
        elif delivery:
            yield delivery

    def _complete(self, delivery: Delivery) -> Iterator[Delivery]:
        """Take an event whose bytes are complete now."""
        job = getattr(delivery.message, "job", "")
        if job not in self._ledger.jobs:
            return
        if isinstance(delivery.message, FLEETING_EVENTS):
            yield delivery
            return
        for slot in self._arrivals.get(job, ()):
            if slot.message is delivery.message:
                slot.delivery = delivery
        yield from self._flush(job)

    def _flush(self, job: str) -> Iterator[Delivery]:
        """Give out a job's lasting events in order, up to the first that still lacks bytes."""
        slots = self._arrivals.get(job)
        while slots and slots[0].delivery:
            slot = slots.popleft()
            yield from self._take_lasting(self._ledger.jobs[job], slot.message, slot.delivery)
            if isinstance(slot.message, FINAL_EVENTS):
                self._forget(job)
                return

    def _take_lasting(self, job: OpenJob, event: JobEvent, delivery: Delivery | None) -> Iterator[Delivery]:
        job.accepted = True
        is_new = job.is_new(event)
        if isinstance(event, Windows):
            requests = job.unanswered(event, self._connection, repeated=not is_new)
            if requests and not job.cancelling:
                yield Delivery(replace(event, requests=requests))
        elif is_new and delivery:
            yield delivery

    def _forget(self, job: str) -> None:
        """Let go of an ended job: its place in the ledger, its waiting events, its pixels both ways."""
        self._ledger.end(job)
        self._arrivals.pop(job, None)
        self._sender.discard(job)
        self._assembler.discard(lambda message: getattr(message, "job", None) != job)

    def _open_sink(self, message: Message, blob: Blob) -> Sink:
        followed = getattr(message, "job", None) in self._ledger.jobs
        return MemorySink(blob) if followed else _NoSink()


def _with_profile(submit: Submit, icc: Blob) -> Submit:
    return replace(submit, document=replace(submit.document, profile=Profile(icc=icc)))


def _blame_server(error: FoveateError) -> ProtocolError:
    return ProtocolError(
        f"The server broke the protocol: {error.info.message}",
        code=error.info.code,
        remedy=error.info.remedy or "Update both programs; if it happens again, report it to the authors of Foveate.",
        fault=Fault.SERVER,
    )
