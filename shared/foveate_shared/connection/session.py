"""The client's end of one connection, sans-I/O: frames in, deliveries out; intents in, frames out.

    CONNECTING --connected()--> GREETING --welcome--> READY --close()--> CLOSED

What must outlive the connection is in the :class:`~.open_jobs.Ledger`: intents are recorded there at any
time, and sent, or sent again, once a session is READY. A session is used from one thread.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from enum import Enum, auto

from ..errors import ErrorCode, Fault, FoveateError, InputError, ProtocolError
from ..wire.blobs import BlobAssembler, BlobSender, Buffer, Delivery, MemorySink, MintMessage, Sink
from ..wire.codec import decode, encode
from ..wire.protocol import (
    FINAL_EVENTS,
    FLEETING_EVENTS,
    LASTING_EVENTS,
    MAX_BLOB_BYTES,
    SERVER_MESSAGES,
    Ack,
    Blob,
    Cancel,
    Cancelled,
    ClientMessage,
    Credit,
    Hello,
    JobEvent,
    Jobs,
    Limits,
    ListJobs,
    ListModels,
    Message,
    Models,
    Problem,
    Resume,
    Submit,
    Welcome,
    Window,
    Windows,
)
from .event_order import EventOrder
from .open_jobs import NO_CONNECTION, Ledger, OpenJob, Submission

_REMEMBERED_ACKS = 64  # the latest ones: an older one has arrived long ago
_JOB_IS_GONE = (ErrorCode.UNKNOWN_JOB, ErrorCode.EXPIRED)


class SessionState(Enum):
    """Where a session is in its life."""

    CONNECTING = auto()
    GREETING = auto()
    READY = auto()
    CLOSED = auto()


_LEGAL = {  # what follows
    SessionState.CONNECTING: {SessionState.GREETING, SessionState.CLOSED},
    SessionState.GREETING: {SessionState.READY, SessionState.CLOSED},
    SessionState.READY: {SessionState.CLOSED},
}


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
        self._connection = NO_CONNECTION  # this connection's number in the ledger, once it is READY
        self._limits = Limits()
        self._sender = BlobSender()
        self._assembler = BlobAssembler(self._open_sink, receive_window=hello.receive_window)
        self._arrivals = EventOrder()
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

    @property
    def queued_bytes(self) -> int:
        """Return the payload bytes that wait to be sent."""
        return self._sender.queued_bytes

    def post(self, message: ClientMessage) -> None:
        """Carry out an intent without blobs, now or as soon as the session is READY.

        Cancelling drops the job's waiting pixels, and overtakes all others but the bytes of its own submit. A job that
        this connection knows is not submitted or resumed a second time. Raises ProtocolError where the message breaks
        a rule of the wire.
        """
        encode(message)
        if isinstance(message, Submit):
            self._submit(message.job, Submission(lambda: message))
        elif isinstance(message, Resume):
            self._resume(message)
        elif isinstance(message, Cancel):
            self._cancel(message)
        elif isinstance(message, Ack):
            self._ledger.acks[message.job] = NO_CONNECTION
        elif isinstance(message, (ListJobs, ListModels)):
            self._ledger.questions[message.request] = message
            self._post_if_ready(message)
        else:
            raise ProtocolError("Only the session itself sends {type}, or it has bytes.", type=message.TYPE)
        self._send_acks()

    def send(self, build: MintMessage, payloads: Sequence[Buffer]) -> None:
        """Carry out an intent with blobs: a submit with a profile, or a window.

        `build` takes a Blob per payload; the payloads must stay as they are until they are sent. A window that nobody
        waits for any more is dropped. Raises ProtocolError where the message breaks a rule of the wire, InputError
        where the window was never asked for, or is too large for the server.
        """
        message = build(*(Blob(i + 1, memoryview(data).nbytes, "0" * 64) for i, data in enumerate(payloads)))
        encode(message)
        if isinstance(message, Submit):
            self._submit(message.job, Submission(build, payloads))
        elif isinstance(message, Window):
            self._send_window(message, build, payloads)
        else:
            raise ProtocolError("A message of type {type} has no bytes.", type=message.TYPE)

    def _submit(self, job: str, submission: Submission) -> None:
        entry = self._ledger.jobs.setdefault(job, OpenJob(job, submission))
        self._introduce(entry)

    def _resume(self, message: Resume) -> None:
        known = OpenJob(message.job, None, accepted=True, last=message.since)
        entry = self._ledger.jobs.setdefault(message.job, known)
        entry.retry = entry.retry or message.retry
        self._ledger.acks.pop(message.job, None)  # it is there: the ack was lost, and is not meant any more
        self._introduce(entry)

    def _cancel(self, message: Cancel) -> None:
        entry = self._ledger.jobs.get(message.job)
        if entry is None:
            self._post_if_ready(message)  # a job of another process of this owner
        elif not entry.cancelling:
            entry.cancelling = True
            if entry.can_be_cancelled:  # else it follows the server's word
                self._sender.discard(message.job)
                self._post_if_ready(message)

    def _send_window(self, message: Window, build: MintMessage, payloads: Sequence[Buffer]) -> None:
        entry = self._ledger.jobs.get(message.job)
        if entry is None or entry.cancelling:
            return
        asked = entry.windows.get(message.window)
        if asked is None:
            raise InputError(
                "The server did not ask for window {window!r} of job {job}.", window=message.window, job=message.job
            )
        if self._state is SessionState.READY and asked.asked_on == self._connection and not asked.answered:
            self._check_size(payloads)
            asked.answered = True
            self._sender.send(build, payloads, job=message.job)

    # --- state -------------------------------------------------------------------------------------------------------

    def _enter(self, state: SessionState) -> None:
        if state not in _LEGAL.get(self._state, ()):
            raise RuntimeError(f"a session does not go from {self._state.name} to {state.name}")
        self._state = state

    def _expect(self, *states: SessionState) -> None:
        if self._state not in states:
            raise RuntimeError(f"a session takes no such frame while it is {self._state.name}")

    def _post_if_ready(self, message: Message) -> None:
        if self._state is SessionState.READY:
            self._sender.post(message)

    def _take_local(self) -> list[Delivery]:
        taken, self._local = self._local, []
        return taken

    # --- sending -----------------------------------------------------------------------------------------------------

    def _introduce(self, job: OpenJob) -> None:
        """Make the server know a job on this connection: resume it where it was accepted, submit it else."""
        if self._state is not SessionState.READY or job.introduced_on == self._connection:
            return
        if job.accepted:
            self._sender.post(Resume(job.job, job.last, job.retry))
        elif job.submission:
            self._send_submission(job.job, job.submission)
        job.introduced_on = self._connection

    def _send_submission(self, job: str, submission: Submission) -> None:
        if submission.payloads:
            self._sender.send(submission.build, submission.payloads, job=job)
        else:
            self._sender.post(submission.build())

    def _check_size(self, payloads: Sequence[Buffer]) -> None:
        largest = max(memoryview(data).nbytes for data in payloads)
        limit = min(self._limits.max_blob_bytes, MAX_BLOB_BYTES)
        if largest > limit:
            raise InputError(
                "A window of {size} bytes is more than the server takes ({most} bytes).",
                code=ErrorCode.TOO_LARGE,
                remedy="Select a smaller region.",
                size=largest,
                most=limit,
            )

    def _send_again(self) -> None:
        """Bring a fresh connection up to date with the ledger."""
        for job in self._ledger.followed():
            if job.cancelling and not job.accepted and job.introduced_on == NO_CONNECTION:
                self._ledger.end(job.job)
                self._local.append(Delivery(Cancelled(job.job, 1)))  # the server never heard of it
                continue
            self._introduce(job)
            if job.cancelling and job.can_be_cancelled:
                self._sender.post(Cancel(job.job))
        for question in self._ledger.questions.values():
            self._sender.post(question)
        self._send_acks()

    def _send_acks(self) -> None:
        """Send what this connection has not sent; nobody answers it, so what an earlier one sent may be lost."""
        if self._state is not SessionState.READY:
            return
        for ended, sent_on in self._ledger.acks.items():
            if sent_on != self._connection:
                self._sender.post(Ack(ended))
        self._ledger.acks = dict.fromkeys(list(self._ledger.acks)[-_REMEMBERED_ACKS:], self._connection)

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
            raise ProtocolError("The server sent {type} before its welcome.", type=message.TYPE)
        if message.version not in self._hello.versions:
            raise ProtocolError(
                "The server chose version {version} of the protocol, which was not offered.",
                code=ErrorCode.VERSION_MISMATCH,
                remedy="Update this program.",
                version=message.version,
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
            self._arrivals.add(event, delivery)
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
        self._arrivals.complete(job, delivery)
        yield from self._flush(job)

    def _flush(self, job: str) -> Iterator[Delivery]:
        """Give out a job's lasting events in order, up to the first that still lacks bytes."""
        for event, delivery in self._arrivals.whole(job):
            yield from self._take_lasting(self._ledger.jobs[job], event, delivery)
            if isinstance(event, FINAL_EVENTS):
                self._forget(job)
                return

    def _take_lasting(self, job: OpenJob, event: JobEvent, delivery: Delivery) -> Iterator[Delivery]:
        if job.cancelling and not job.can_be_cancelled:
            self._sender.post(Cancel(job.job))
        job.accepted = True
        is_new = job.is_new(event)
        if isinstance(event, Windows):
            requests = job.wanted(event, self._connection, repeated=not is_new)
            if requests and not job.cancelling:
                yield Delivery(replace(event, requests=requests))
        elif is_new:
            yield delivery

    def _forget(self, job: str) -> None:
        """Let go of an ended job: its place in the ledger, its waiting events, its pixels both ways."""
        self._ledger.end(job)
        self._arrivals.forget(job)
        self._sender.discard(job)
        self._assembler.discard(lambda message: getattr(message, "job", None) != job)

    def _open_sink(self, message: Message, blob: Blob) -> Sink:
        followed = getattr(message, "job", None) in self._ledger.jobs
        return MemorySink(blob) if followed else _NoSink()


def _blame_server(error: FoveateError) -> ProtocolError:
    return ProtocolError(
        "The server broke the protocol: {reason}",
        code=error.info.code,
        remedy=error.info.remedy or "Update both programs; if it happens again, report it to the authors of Foveate.",
        fault=Fault.SERVER,
        reason=error.info.message,
    )
