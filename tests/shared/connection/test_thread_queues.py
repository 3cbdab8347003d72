"""What passes between a client's threads is bounded."""

from __future__ import annotations

import threading

import pytest

from foveate_shared.connection.thread_queues import (
    MAX_BACKLOG,
    MAX_FRAMES,
    ConnectionState,
    Intent,
    Mailbox,
    StateChange,
)
from foveate_shared.errors import ConnectionLostError
from foveate_shared.wire.blobs import Delivery
from foveate_shared.wire.protocol import Note, Progress

JOB = "123e4567-e89b-12d3-a456-426614174000"


def reading() -> Mailbox:
    mailbox = Mailbox()
    mailbox.begin_reading()
    return mailbox


def test_frames_come_in_order_and_before_the_failure() -> None:
    mailbox = reading()
    for frame in "ab":
        mailbox.put_frame(frame)
    failure = ConnectionLostError("gone")
    mailbox.fail(failure)
    works = [mailbox.take(unsent=0, wait=True) for _ in range(3)]
    assert [(work.frame, work.failure) for work in works] == [("a", None), ("b", None), (None, failure)]


def test_a_silence_is_told_and_then_the_state_before() -> None:
    mailbox, error = reading(), ConnectionLostError("silent").info
    mailbox.put_event(StateChange(ConnectionState.READY))
    for told in (error, error, None, None):
        mailbox.tell_silence(told)
    assert mailbox.poll() == [
        StateChange(ConnectionState.READY),
        StateChange(ConnectionState.SILENT, error),
        StateChange(ConnectionState.READY),
    ]


def test_of_a_connection_that_is_over_no_silence_is_told() -> None:
    mailbox, error = reading(), ConnectionLostError("silent").info
    mailbox.end_reading()
    mailbox.tell_silence(error)
    assert mailbox.poll() == []
    mailbox.begin_reading()
    mailbox.tell_silence(error)
    mailbox.put_event(StateChange(ConnectionState.LOST, error))
    mailbox.tell_silence(None)
    assert mailbox.poll()[-1] == StateChange(ConnectionState.LOST, error)


def test_the_reader_waits_while_many_frames_are_ahead() -> None:
    mailbox = reading()
    for _ in range(MAX_FRAMES):
        mailbox.put_frame("x")
    results: list[bool] = []
    reader = threading.Thread(target=lambda: results.append(mailbox.put_frame("last")))
    reader.start()
    assert not results
    mailbox.end_reading()
    reader.join()
    assert results == [False]


def test_nothing_is_read_while_the_backlog_is_long() -> None:
    mailbox = reading()
    mailbox.put_frame("x")
    for seq in range(1, MAX_BACKLOG + 1):
        mailbox.put_event(Delivery(Note(JOB, seq, "x")))
    assert mailbox.take(unsent=0, wait=False).frame is None
    assert len(mailbox.poll()) == MAX_BACKLOG
    assert mailbox.take(unsent=0, wait=True).frame == "x"


def test_a_newer_progress_replaces_an_older_one_of_its_job() -> None:
    mailbox = Mailbox()
    for seq in (1, 2, 3):
        mailbox.put_event(Delivery(Progress(JOB, seq, "x", 0.5)))
    assert mailbox.poll() == [Delivery(Progress(JOB, 3, "x", 0.5))]
    assert mailbox.poll() == []


def test_queued_bytes_are_those_of_intents_and_of_the_session() -> None:
    mailbox = Mailbox()
    mailbox.hand_in(Intent(lambda session: None, JOB, 5))
    assert mailbox.queued_bytes == 5
    mailbox.take(unsent=3, wait=True)
    assert mailbox.queued_bytes == 3


def test_closing() -> None:
    mailbox = Mailbox()
    mailbox.close()
    assert mailbox.take(unsent=0, wait=True).closing
    mailbox.pause(60)
    with pytest.raises(RuntimeError, match="closed"):
        mailbox.hand_in(Intent(lambda session: None, None, 0))


def test_waiting_ends() -> None:
    mailbox = Mailbox()
    assert not mailbox.wait(0)
    mailbox.put_event(Delivery(Note(JOB, 1, "x")))
    assert mailbox.wait(None)
