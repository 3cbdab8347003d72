"""What passes between a client's threads: intents, frames and events, all bounded, behind one condition."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from ..errors import ErrorInfo, FoveateError
from ..wire.blobs import Delivery
from ..wire.protocol import FLEETING_EVENTS
from .session import Session

MAX_BACKLOG = 4096  # events that nobody has polled; while there are more, no frame is given out
MAX_FRAMES = 64  # frames that were read ahead of the session


class ConnectionState(str, Enum):
    """What an interface shows about the server."""

    SEARCHING = "searching"  # for a running server; it may have to be started
    CONNECTING = "connecting"
    READY = "ready"
    SILENT = "silent"  # connected, but the server answers no more; the state before comes back by itself once it does
    LOST = "lost"  # or not found; it is tried again by itself
    ENDED = "ended"  # somebody ended the server: it is started with the next intent, or found where somebody starts it
    REFUSED = "refused"  # final: the error says what to change, then a new client is needed
    CLOSED = "closed"  # by close()


@dataclass(frozen=True)
class StateChange:
    """The connection's state changed. After READY, windows that are still wanted are asked for anew."""

    state: ConnectionState
    error: ErrorInfo | None = None  # why, where it is SILENT, LOST, ENDED or REFUSED


ClientEvent = Delivery | StateChange


@dataclass(frozen=True)
class Intent:
    """Something that a session shall do."""

    act: Callable[[Session], None]
    job: str | None  # which it is about
    size: int  # payload bytes


@dataclass(frozen=True)
class Work:
    """What the client's thread has to do next."""

    intents: list[Intent]
    frame: str | bytes | None  # to be given to the session
    failure: FoveateError | None  # why no frame will follow
    closing: bool


class Mailbox:
    """Thread-safe. One thread takes work, one reads frames, and any may hand in intents and poll events."""

    def __init__(self) -> None:
        # Guards all that follows, and is notified of each change.
        self._changed = threading.Condition()
        self._intents: deque[Intent] = deque()
        self._unsent = 0  # payload bytes in the session's queue, as of late
        self._frames: deque[str | bytes] = deque()
        self._failure: FoveateError | None = None
        self._reading = False  # a connection is open, and frames are welcome
        self._events: dict[object, ClientEvent] = {}  # in order; fleeting ones under a key that replaces older ones
        self._numbered = 0  # events so far, for keys
        self._held = 0
        self._polled = False  # room was made since work was last taken
        self._state = ConnectionState.SEARCHING  # as told last
        self._before_silence = ConnectionState.SEARCHING  # what comes back once the server answers
        self._closing = False

    # --- for the client's users --------------------------------------------------------------------------------------

    def hand_in(self, intent: Intent) -> None:
        """Queue an intent. Raises RuntimeError after close()."""
        with self._changed:
            if self._closing:
                raise RuntimeError("the client is closed")
            self._intents.append(intent)
            self._changed.notify_all()

    @property
    def queued_bytes(self) -> int:
        """Return the payload bytes that wait to be sent."""
        with self._changed:
            return self._unsent + sum(intent.size for intent in self._intents)

    def poll(self) -> list[ClientEvent]:
        """Take all events, oldest first."""
        with self._changed:
            events = list(self._events.values())
            self._events.clear()
            self._held = 0
            if events:
                self._polled = True
                self._changed.notify_all()
            return events

    def wait(self, timeout: float | None) -> bool:
        """Wait until there are events; return whether there are."""
        with self._changed:
            return self._changed.wait_for(lambda: bool(self._events), timeout)

    def close(self) -> None:
        """Make all threads end soon."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()

    # --- for the thread that reads -----------------------------------------------------------------------------------

    def put_frame(self, frame: str | bytes) -> bool:
        """Queue a frame, waiting while there are many; return False once nobody wants more."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._frames) < MAX_FRAMES or not self._reading)
            if self._reading:
                self._frames.append(frame)
                self._changed.notify_all()
            return self._reading

    def tell_silence(self, error: ErrorInfo | None) -> None:
        """Tell that the server answers no more, or with None, that it does again."""
        with self._changed:
            if error and self._reading and self._state is not ConnectionState.SILENT:
                self._before_silence = self._state
                self.put_event(StateChange(ConnectionState.SILENT, error))
            elif error is None and self._state is ConnectionState.SILENT:
                self.put_event(StateChange(self._before_silence))

    def fail(self, failure: FoveateError) -> None:
        """Tell that no frame will follow those that are queued."""
        with self._changed:
            self._failure = failure
            self._changed.notify_all()

    # --- for the client's thread -------------------------------------------------------------------------------------

    @property
    def closing(self) -> bool:
        """Tell whether close() was called."""
        with self._changed:
            return self._closing

    @property
    def held_bytes(self) -> int:
        """Return the payload bytes that wait to be polled."""
        with self._changed:
            return self._held

    @property
    def has_intents(self) -> bool:
        """Tell whether somebody wants something that no session has taken yet."""
        with self._changed:
            return bool(self._intents)

    def begin_reading(self) -> None:
        """Make room for the frames of a new connection."""
        with self._changed:
            self._reading = True
            self._frames.clear()
            self._failure = None

    def end_reading(self) -> None:
        """Let the thread that reads end; what it read is forgotten."""
        with self._changed:
            self._reading = False
            self._frames.clear()
            self._unsent = 0
            self._changed.notify_all()

    def take(self, *, unsent: int, wait: bool) -> Work:
        """Return what to do next. `unsent`: bytes in the session's queue; `wait`: until there is something to do."""
        with self._changed:
            self._unsent = unsent
            if wait:
                self._changed.wait_for(self._has_work)
            self._polled = False
            intents = list(self._intents)
            self._intents.clear()
            frame = self._frames.popleft() if self._frames and self._has_room() else None
            failure = self._failure if frame is None and not self._frames else None
            self._changed.notify_all()
            return Work(intents, frame, failure, self._closing)

    def put_event(self, event: ClientEvent) -> None:
        """Queue an event. An unpolled fleeting one of the same kind and job gives way to it."""
        with self._changed:
            self._numbered += 1
            key: object = self._numbered
            if isinstance(event, StateChange):
                self._state = event.state
            else:
                self._held += event.size
                if isinstance(event.message, FLEETING_EVENTS):
                    key = (type(event.message), event.message.job)
                    replaced = self._events.pop(key, None)
                    self._held -= replaced.size if isinstance(replaced, Delivery) else 0
            self._events[key] = event
            self._changed.notify_all()

    def pause(self, seconds: float, *, until_wanted: bool = False) -> None:
        """Sleep, unless the client closes or, with `until_wanted`, somebody wants something."""
        with self._changed:
            self._changed.wait_for(lambda: self._closing or (until_wanted and bool(self._intents)), seconds)

    def _has_room(self) -> bool:
        return len(self._events) < MAX_BACKLOG

    def _has_work(self) -> bool:
        readable = bool(self._frames) and self._has_room()
        ended = self._failure is not None and not self._frames
        return bool(self._intents) or readable or ended or self._polled or self._closing
