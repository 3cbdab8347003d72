"""A client with threads of its own: intents go in from any thread, events are polled; it never calls back.

One thread owns the session and the socket: it connects, reconnects with growing pauses, and resumes open jobs. A second
one only reads frames. While nobody polls, no credit is granted, and once the backlog is long nothing more is read:
memory stays bounded on both sides of the wire.
"""

from __future__ import annotations

import contextlib
import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..errors import (
    ConnectionLostError,
    ErrorCode,
    Fault,
    FoveateError,
    InputError,
    ProtocolError,
    RefusedError,
    to_exception,
)
from ..wire.blobs import Buffer, Delivery, MintMessage
from ..wire.protocol import SUPPORTED_VERSIONS, Ack, ClientMessage, Hello, ListJobs, ListModels, Peer, Problem, Welcome
from .open_jobs import Ledger
from .server_address import ServerAddress
from .session import Session, SessionState
from .silence import LOOK_SECONDS, SilenceWatch, is_silent, silence
from .thread_queues import ClientEvent, ConnectionState, Intent, Mailbox, StateChange, Work
from .websocket import CLOSE_TIMEOUT, ServerEndedError, Transport, open_transport

__all__ = ["Client", "ClientEvent", "ConnectionState", "Delivery", "FindServer", "StateChange"]

FIRST_PAUSE = 0.25  # seconds before connecting again; doubled after each failure
LONGEST_PAUSE = 8.0

FindServer = Callable[[], ServerAddress]


@dataclass(frozen=True)
class ServerOnDemand:
    """A server that is started where none runs; not after somebody ended it, before something is wanted of it."""

    find_or_start: FindServer
    find_running: FindServer  # raises ConnectionLostError where none runs

    def __call__(self) -> ServerAddress:
        """Return where it is, as a FindServer does."""
        return self.find_or_start()


_FINAL_ERRORS = (RefusedError, ProtocolError, InputError)  # trying again would end the same way
_PASSING_CODES = (ErrorCode.RATE_LIMITED, ErrorCode.QUEUE_FULL)  # ... except these


class Client:
    """See the module's docstring. Use it as a context manager, or call :meth:`close`."""

    def __init__(
        self, server: ServerAddress | FindServer, client_id: str, peer: Peer, *, first_pause: float = FIRST_PAUSE
    ) -> None:
        """Begin to connect.

        `server` may be a function that finds (and starts) the server and raises FoveateError: it is called on the
        client's thread before each attempt, so that a server that was started anew is found. A ServerOnDemand that
        somebody has ended is looked for only, until a job goes on or begins.
        """
        self.peer = peer
        self._mailbox = Mailbox()
        self._numbers = _Counter()
        hello = Hello(SUPPORTED_VERSIONS, peer, client_id)
        find_server = (lambda: server) if isinstance(server, ServerAddress) else server
        self._worker = _Worker(self._mailbox, find_server, hello, first_pause)
        self._thread = threading.Thread(target=self._worker.run, name="foveate-client", daemon=True)
        self._thread.start()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def post(self, message: ClientMessage, *, job: str | None = None) -> None:
        """Send a submit, cancel, resume or ack; it is kept while there is no connection.

        What is wrong with a message comes back as a Problem event. A cancel overtakes all that waits.
        """
        about = job or getattr(message, "job", None)
        self._mailbox.hand_in(Intent(lambda session: session.post(message), about, 0))

    def send(self, build: MintMessage, payloads: Sequence[Buffer], *, job: str | None = None) -> None:
        """Send a submit with its profile, or a window: `build` takes a Blob per payload and returns the message.

        The payloads are not copied: they must stay as they are until the job has ended. A window that cannot be sent is
        dropped, for the server will ask anew. What is wrong with a message comes back as a Problem event.
        """
        size = sum(memoryview(data).nbytes for data in payloads)
        self._mailbox.hand_in(Intent(lambda session: session.send(build, payloads), job, size))

    def list_jobs(self) -> int:
        """Ask for this owner's jobs; return the number that the answer, a Jobs event, bears."""
        request = self._numbers.next()
        self.post(ListJobs(request))
        return request

    def list_models(self) -> int:
        """Ask for the models; return the number that the answer, a Models event, bears."""
        request = self._numbers.next()
        self.post(ListModels(request))
        return request

    @property
    def queued_bytes(self) -> int:
        """Return the payload bytes that wait to be sent: while they are many, read no more pixels from the host."""
        return self._mailbox.queued_bytes

    def poll(self) -> list[ClientEvent]:
        """Return what happened since the last call, oldest first; never blocks."""
        return self._mailbox.poll()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until :meth:`poll` has something to return, at most `timeout` seconds; return whether it has."""
        return self._mailbox.wait(timeout)

    def close(self) -> tuple[Ack, ...]:
        """End the connection. Control messages that were posted before still go out where there is one.

        Return the acks that may not have arrived: who goes on with another client posts them there.
        """
        self._mailbox.close()
        self._thread.join(CLOSE_TIMEOUT + 1)
        return () if self._thread.is_alive() else self._worker.owed()


class _Counter:
    """Counts from 1, for all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._value = 0

    def next(self) -> int:
        with self._lock:
            self._value += 1
            return self._value


class _Worker:
    """What the client's thread does. Nothing here but the mailbox is shared with other threads."""

    def __init__(self, mailbox: Mailbox, find_server: FindServer, hello: Hello, first_pause: float) -> None:
        self._mailbox = mailbox
        self._find_server = find_server
        self._hello = hello
        self._first_pause = first_pause
        self._ledger = Ledger()
        self._pause = first_pause  # before the next attempt
        self._found = False  # in the current attempt, there was an address to connect to
        self._address: ServerAddress | None = None  # of the latest server that was found
        self._greeted = False  # in the current attempt, the server said welcome
        self._rests = False  # somebody ended the server, and nothing has been wanted of one since

    def run(self) -> None:
        """Serve connection after connection, until the client closes or the server refuses it for good."""
        while not self._mailbox.closing:
            error = self._try_connection()
            if error is None:
                break
            if self._is_final(error):
                self._tell(ConnectionState.REFUSED, error)
                break
            if not self._rests:
                self._rests = self._greeted and self._was_ended(error)
                self._tell(*((ConnectionState.ENDED, _ended()) if self._rests else (ConnectionState.LOST, error)))
            pause = self._pause * random.uniform(0.75, 1.25)  # noqa: S311 - clients shall not come in step
            self._mailbox.pause(pause, until_wanted=self._rests)
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
        if self._mailbox.closing:
            self._settle()
            self._tell(ConnectionState.CLOSED)

    def owed(self) -> tuple[Ack, ...]:
        """Return the acks that may not have arrived, those included that were posted while there was no connection."""
        session = Session(self._ledger, self._hello)  # never connected: it takes note, and sends nothing
        for intent in self._mailbox.take(unsent=0, wait=False).intents:
            with contextlib.suppress(FoveateError):
                intent.act(session)
        return tuple(map(Ack, self._ledger.acks))

    def _is_final(self, error: FoveateError) -> bool:
        if not self._found:  # no server is there, or none can be started: then it cannot be started again either
            return not isinstance(error, ConnectionLostError)
        return isinstance(error, _FINAL_ERRORS) and error.info.code not in _PASSING_CODES

    def _was_ended(self, error: FoveateError) -> bool:
        """Tell whether somebody ended a server that we would start, while nothing was under way."""
        is_idle = self._ledger.is_settled and not self._mailbox.has_intents
        return isinstance(error, ServerEndedError) and isinstance(self._find_server, ServerOnDemand) and is_idle

    def _find(self) -> ServerAddress:
        if self._rests and isinstance(self._find_server, ServerOnDemand) and not self._mailbox.has_intents:
            return self._find_server.find_running()
        self._rests = False
        self._tell(ConnectionState.SEARCHING)
        return self._find_server()

    def _try_connection(self) -> FoveateError | None:
        """Connect and serve; return why it ended, or None where the client closes."""
        try:
            self._found = self._greeted = False
            self._address = self._find()
            self._found = True
            self._tell(ConnectionState.CONNECTING)
            self._serve(open_transport(self._address), self._address)
        except FoveateError as error:
            return error
        except Exception as error:
            return ProtocolError("The connection failed in a way that nobody foresaw: {reason!r}.", reason=error)
        return None

    def _serve(self, transport: Transport, address: ServerAddress) -> None:
        """Pass frames and intents until the connection is lost (raised as FoveateError) or the client closes."""
        session = Session(self._ledger, self._hello)
        self._mailbox.begin_reading()
        reader = threading.Thread(
            target=_read, args=(transport, self._mailbox, address), name="foveate-reader", daemon=True
        )
        reader.start()
        is_whole = False
        try:
            session.connected()
            self._pass(session, transport)
            is_whole = session.state is SessionState.READY
        finally:
            session.close()
            self._mailbox.end_reading()
            if transport.close() and is_whole:
                self._ledger.settle()
            reader.join()

    def _settle(self) -> None:
        """Send the acks that a broken connection may have lost: jobs that are dealt with would be offered again."""
        owed = self.owed()
        if not owed or self._address is None:
            return
        session = Session(Ledger(), self._hello)
        for ack in owed:
            session.post(ack)
        with contextlib.suppress(FoveateError):
            transport = open_transport(self._address, timeout=CLOSE_TIMEOUT)
            try:
                session.connected()
                while session.state is not SessionState.READY:
                    _send_all(transport, session)
                    frame = transport.receive(CLOSE_TIMEOUT)
                    if frame is None or any(isinstance(each.message, Problem) for each in _receive(session, frame)):
                        return
                _send_all(transport, session)
            finally:
                if transport.close() and session.state is SessionState.READY:
                    self._ledger.acks.clear()

    def _pass(self, session: Session, transport: Transport) -> None:
        outgoing = session.next_frame()
        writable = True
        while True:
            work = self._mailbox.take(unsent=session.queued_bytes, wait=outgoing is None)
            if outgoing is not None:
                writable = _send(transport, outgoing)
            self._carry_out(work, session)
            session.grant(held=self._mailbox.held_bytes)
            outgoing = session.next_frame() if writable else None
            if work.closing and not isinstance(outgoing, str):
                return
            if work.failure:
                raise work.failure

    def _carry_out(self, work: Work, session: Session) -> None:
        for intent in work.intents:
            try:
                intent.act(session)
            except FoveateError as error:  # noqa: PERF203 - each on its own
                self._mailbox.put_event(Delivery(Problem(error.info, job=intent.job)))
        for delivery in _receive(session, work.frame):
            self._deliver(delivery)

    def _deliver(self, delivery: Delivery) -> None:
        if isinstance(delivery.message, Welcome):
            self._greeted, self._rests = True, False
            self._pause = self._first_pause
            self._tell(ConnectionState.READY)
        self._mailbox.put_event(delivery)
        if isinstance(delivery.message, Problem) and delivery.message.fatal:
            raise to_exception(delivery.message.error)

    def _tell(self, state: ConnectionState, error: FoveateError | None = None) -> None:
        self._mailbox.put_event(StateChange(state, error.info if error else None))


def _ended() -> FoveateError:
    return ConnectionLostError(
        "The server was ended.",
        code=ErrorCode.NO_SERVER,
        remedy="It starts again with the next job.",
        fault=Fault.USER,
    )


def _receive(session: Session, frame: str | bytes | None) -> list[Delivery]:
    if frame is None:
        return []
    return session.receive_text(frame) if isinstance(frame, str) else session.receive_bytes(frame)


def _send(transport: Transport, frame: str | bytes) -> bool:
    """Send a frame; return whether the connection still stands. Why it does not, the frames read will tell."""
    try:
        transport.send(frame)
    except ConnectionLostError:
        return False
    return True


def _send_all(transport: Transport, session: Session) -> None:
    while (frame := session.next_frame()) is not None:
        transport.send(frame)


def _read(transport: Transport, mailbox: Mailbox, address: ServerAddress) -> None:
    """Read frames until the connection ends, and notice where the server answers no more: the second thread."""
    error = silence(address).info
    watch = SilenceWatch(lambda: is_silent(address), lambda silent: mailbox.tell_silence(error if silent else None))
    wanted = True
    try:
        while wanted:
            frame = transport.receive(LOOK_SECONDS)
            watch.look(transport.heard)
            if frame is not None:
                wanted = mailbox.put_frame(frame)
    except FoveateError as error:
        mailbox.fail(error)
