"""The client's session without a socket: states, order, and what is remembered over connections."""

from __future__ import annotations

import hashlib
from uuid import UUID

import pytest

from foveate_shared.connection.open_jobs import Ledger
from foveate_shared.connection.session import Session, SessionState
from foveate_shared.errors import ErrorCode, ErrorInfo, Fault, InputError, ProtocolError
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.pixels import Channels, PixelFormat, SampleType
from foveate_shared.wire.blobs import Delivery
from foveate_shared.wire.codec import decode, encode, encode_chunk
from foveate_shared.wire.protocol import (
    CLIENT_MESSAGES,
    Accepted,
    Ack,
    Blob,
    Cancel,
    Cancelled,
    Credit,
    Document,
    Done,
    Hello,
    ItemEnded,
    Limits,
    ListModels,
    Message,
    Note,
    Outcome,
    Patch,
    Peer,
    Pixels,
    Preview,
    Problem,
    Profile,
    Progress,
    Resume,
    Submit,
    Welcome,
    Window,
    WindowRequest,
    Windows,
)

JOB = "123e4567-e89b-12d3-a456-426614174000"
OTHER = "123e4567-e89b-12d3-a456-426614174001"
GRAY = PixelFormat(SampleType.U8, Channels.Y)
HELLO = Hello((1,), Peer("tests", "1"), "client", receive_window=64)
SUBMIT = Submit(JOB, "refocus", Document(Extent(64, 64), GRAY, Profile("srgb")), None)
ASKED = WindowRequest("w", Bounds(0, 0, 4, 1), Extent(4, 1))
ASKED_TOO = WindowRequest("v", Bounds(0, 0, 4, 1), Extent(4, 1))


def welcome(limits: Limits | None = None) -> Welcome:
    return Welcome(1, Peer("server", "1"), (), limits or Limits(), (), 1000)


def ready(ledger: Ledger, limits: Limits | None = None) -> Session:
    """Return a session that has just become READY; what it sends first is still queued."""
    session = Session(ledger, HELLO)
    session.connected()
    assert sent(session) == [HELLO]
    assert tell(session, welcome(limits)) == [welcome(limits)]
    return session


def sent(session: Session) -> list[Message | bytes]:
    frames = iter(session.next_frame, None)
    return [decode(frame, CLIENT_MESSAGES) if isinstance(frame, str) else frame for frame in frames]


def tell(session: Session, message: Message) -> list[Message]:
    return [delivery.message for delivery in session.receive_text(encode(message))]


def answer(session: Session, name: str = "w", data: bytes = b"abcd") -> None:
    session.send(lambda blob: Window(JOB, name, Pixels(Extent(len(data), 1), GRAY, blob)), [data])


def patch(seq: int, blob: int, data: bytes = b"abcd") -> Patch:
    declared = Blob(blob, len(data), hashlib.sha256(data).hexdigest())
    return Patch(JOB, seq, "item", Bounds(0, 0, 4, 1), Pixels(Extent(4, 1), GRAY, declared), None)


def with_profile(icc: Blob) -> Submit:
    return Submit(JOB, "refocus", Document(Extent(64, 64), GRAY, Profile(icc=icc)), None)


def with_job(session: Session) -> None:
    session.post(SUBMIT)
    assert sent(session) == [SUBMIT]
    assert tell(session, Accepted(JOB, 1)) == [Accepted(JOB, 1)]


class TestStates:
    def test_the_way_through_life(self) -> None:
        session = Session(Ledger(), HELLO)
        assert session.state is SessionState.CONNECTING
        assert session.next_frame() is None
        session.connected()
        assert session.state is SessionState.GREETING
        tell(session, welcome())
        assert session.state is SessionState.READY
        session.close()
        assert session.state is SessionState.CLOSED
        session.close()
        assert session.next_frame() is None

    def test_illegal_steps(self) -> None:
        session = Session(Ledger(), HELLO)
        with pytest.raises(RuntimeError, match="CONNECTING"):
            session.receive_text("{}")
        with pytest.raises(RuntimeError, match="CONNECTING"):
            session.receive_bytes(b"")
        session.connected()
        with pytest.raises(RuntimeError, match="from GREETING to GREETING"):
            session.connected()
        session.close()
        with pytest.raises(RuntimeError, match="CLOSED"):
            session.receive_text("{}")

    @pytest.mark.parametrize("message", [Credit(1), Accepted(JOB, 1)])
    def test_nothing_comes_before_the_welcome(self, message: Message) -> None:
        session = Session(Ledger(), HELLO)
        session.connected()
        with pytest.raises(ProtocolError, match="before its welcome") as caught:
            tell(session, message)
        assert caught.value.info.fault is Fault.SERVER

    def test_a_version_that_was_not_offered(self) -> None:
        session = Session(Ledger(), HELLO)
        session.connected()
        with pytest.raises(ProtocolError, match="version 2") as caught:
            tell(session, Welcome(2, Peer("server", "9"), (), Limits(), ()))
        assert caught.value.info.code is ErrorCode.VERSION_MISMATCH

    def test_a_second_welcome(self) -> None:
        with pytest.raises(ProtocolError, match="second welcome"):
            tell(ready(Ledger()), welcome())

    def test_only_intents_are_posted(self) -> None:
        session = ready(Ledger())
        for message in (HELLO, Credit(1)):
            with pytest.raises(ProtocolError, match="Only the session"):
                session.post(message)
        with pytest.raises(ProtocolError, match="no bytes"):
            session.send(lambda: Cancel(JOB), [])


class TestOrder:
    def test_later_events_wait_for_a_patchs_bytes(self) -> None:
        session = ready(Ledger())
        with_job(session)
        outcome = Outcome("item", "done")
        assert tell(session, patch(2, 1)) == []
        assert tell(session, patch(3, 2)) == []
        assert tell(session, ItemEnded(JOB, 4, outcome)) == []
        assert tell(session, Progress(JOB, 5, "x", 0.5)) == [Progress(JOB, 5, "x", 0.5)]  # fleeting: passes
        assert session.receive_bytes(encode_chunk(2, 0, b"abcd")) == []
        released = session.receive_bytes(encode_chunk(1, 0, b"abcd"))
        assert [delivery.message for delivery in released] == [patch(2, 1), patch(3, 2), ItemEnded(JOB, 4, outcome)]
        assert released[0].payloads == (b"abcd",)

    def test_cancelled_waits_for_nothing(self) -> None:
        session = ready(Ledger())
        with_job(session)
        tell(session, patch(2, 1))
        assert tell(session, Cancelled(JOB, 3)) == [Cancelled(JOB, 3)]
        assert session.receive_bytes(encode_chunk(1, 0, b"abcd")) == []  # drained

    def test_repeated_events_are_taken_once(self) -> None:
        session = ready(Ledger())
        with_job(session)
        assert tell(session, Note(JOB, 2, "x")) == [Note(JOB, 2, "x")]
        assert tell(session, Note(JOB, 2, "x")) == []
        assert tell(session, Accepted(JOB, 1)) == []

    def test_events_of_jobs_that_others_follow(self) -> None:
        session = ready(Ledger())
        assert tell(session, Accepted(OTHER, 1)) == []
        assert tell(session, Done(OTHER, 9, (), {})) == []

    def test_previews_come_with_their_pixels(self) -> None:
        session = ready(Ledger())
        with_job(session)
        preview = Preview(JOB, 2, Bounds(0, 0, 9, 9), patch(1, 1).pixels)
        assert tell(session, preview) == []
        assert session.receive_bytes(encode_chunk(1, 0, b"abcd")) == [Delivery(preview, (b"abcd",))]

    def test_nothing_follows_an_ending(self) -> None:
        session = ready(Ledger())
        with_job(session)
        assert tell(session, Done(JOB, 2, (), {})) == [Done(JOB, 2, (), {})]
        assert tell(session, Note(JOB, 3, "late")) == []


class TestWindows:
    def test_a_window_is_answered_once(self) -> None:
        session = ready(Ledger())
        with_job(session)
        assert tell(session, Windows(JOB, 2, (ASKED,))) == [Windows(JOB, 2, (ASKED,))]
        answer(session)
        answer(session)
        assert len(sent(session)) == 2  # the declaration, and one chunk

    def test_the_server_may_ask_again(self) -> None:
        session = ready(Ledger())
        with_job(session)
        tell(session, Windows(JOB, 2, (ASKED,)))
        assert tell(session, Windows(JOB, 3, (ASKED,))) == []  # the host still owes it
        answer(session)
        assert tell(session, Windows(JOB, 3, (ASKED,))) == []  # only repeated
        assert tell(session, Windows(JOB, 4, (ASKED, ASKED_TOO))) == [Windows(JOB, 4, (ASKED, ASKED_TOO))]

    @pytest.mark.parametrize("seq", [2, 3])
    def test_a_new_connection_asks_anew(self, seq: int) -> None:
        ledger = Ledger()
        first = ready(ledger)
        with_job(first)
        tell(first, Windows(JOB, 2, (ASKED, ASKED_TOO)))
        answer(first)
        first.close()
        second = ready(ledger)
        assert sent(second) == [Resume(JOB, 2)]
        answer(second, "v")  # late, to a question of the first connection
        assert sent(second) == []
        again = Windows(JOB, seq, (ASKED, ASKED_TOO))
        assert tell(second, again) == [again]
        answer(second, "v")
        assert len(sent(second)) == 2

    def test_a_window_that_nobody_asked_for(self) -> None:
        session = ready(Ledger())
        with_job(session)
        with pytest.raises(InputError, match="did not ask"):
            answer(session, "x")

    def test_a_window_that_is_too_large(self) -> None:
        session = ready(Ledger(), Limits(max_blob_bytes=3))
        with_job(session)
        tell(session, Windows(JOB, 2, (ASKED,)))
        with pytest.raises(InputError) as caught:
            answer(session)
        assert caught.value.info.code is ErrorCode.TOO_LARGE

    def test_no_window_for_a_job_that_is_cancelled(self) -> None:
        session = ready(Ledger())
        with_job(session)
        tell(session, Windows(JOB, 2, (ASKED,)))
        answer(session)
        session.post(Cancel(JOB))
        assert sent(session) == [Cancel(JOB)]
        answer(session)
        session.post(Cancel(JOB))
        assert sent(session) == []


class TestReconnecting:
    def test_resumes_behind_what_was_taken(self) -> None:
        ledger = Ledger()
        first = ready(ledger)
        with_job(first)
        tell(first, patch(2, 1))
        tell(first, Note(JOB, 3, "not taken: the patch is incomplete"))
        first.close()
        assert sent(ready(ledger)) == [Resume(JOB, 1)]

    def test_a_submit_with_a_profile_is_sent_again(self) -> None:
        ledger = Ledger()
        for _ in range(2):
            session = ready(ledger)
            if not ledger.jobs:
                session.send(
                    lambda blob: Submit(JOB, "x", Document(Extent(1, 1), GRAY, Profile(icc=blob)), None), [b"icc"]
                )
            submit, chunk = sent(session)
            assert isinstance(submit, Submit)
            assert submit.document.profile.icc == Blob(1, 3, hashlib.sha256(b"icc").hexdigest())
            assert chunk == encode_chunk(1, 0, b"icc")
            session.close()

    def test_a_job_is_introduced_once_per_connection(self) -> None:
        ledger = Ledger()
        session = ready(ledger)
        with_job(session)
        session.post(SUBMIT)
        session.post(Resume(JOB, 0))
        assert sent(session) == []

    def test_jobs_of_another_process_can_be_followed(self) -> None:
        session = ready(Ledger())
        session.post(Resume(JOB, 0))
        assert sent(session) == [Resume(JOB, 0)]
        assert tell(session, Accepted(JOB, 1)) == [Accepted(JOB, 1)]

    def test_a_retry_is_repeated_until_something_new_shows_that_the_server_has_heard_it(self) -> None:
        ledger = Ledger()
        first = ready(ledger)
        first.post(Resume(JOB, 3, True))
        assert sent(first) == [Resume(JOB, 3, True)]
        first.close()  # and nobody knows whether that arrived
        second = ready(ledger)
        assert sent(second) == [Resume(JOB, 3, True)]
        assert tell(second, Windows(JOB, 4, (ASKED,)))
        second.close()
        assert sent(ready(ledger)) == [Resume(JOB, 4)]

    def test_a_cancel_is_not_lost(self) -> None:
        ledger = Ledger()
        first = ready(ledger)
        with_job(first)
        first.post(Cancel(JOB))
        first.close()
        assert sent(ready(ledger)) == [Resume(JOB, 1), Cancel(JOB)]

    def test_a_cancel_does_not_overtake_the_profile_of_its_submit(self) -> None:
        ledger = Ledger()
        session = ready(ledger)
        session.send(with_profile, [b"icc!"])
        session.post(Cancel(JOB))
        submit, chunk = sent(session)
        assert isinstance(submit, Submit)
        assert isinstance(chunk, bytes)
        session.close()
        session = ready(ledger)  # which does not know whether the server heard of it
        submit, chunk = sent(session)
        assert isinstance(submit, Submit)
        assert isinstance(chunk, bytes)
        tell(session, Accepted(JOB, 1))
        assert sent(session) == [Cancel(JOB)]

    def test_an_ack_is_not_lost(self) -> None:
        ledger = Ledger()
        session = Session(ledger, HELLO)
        session.connected()
        session.post(Ack(JOB))
        assert sent(session) == [HELLO]
        tell(session, welcome())
        assert sent(session) == [Ack(JOB)]
        session.close()
        session = ready(ledger)  # which does not know whether it arrived
        assert sent(session) == [Ack(JOB)]
        session.post(Cancel(OTHER))
        assert Ack(JOB) not in sent(session)
        ledger.settle()
        session.close()
        assert sent(ready(ledger)) == []

    def test_the_latest_acks_alone_go_out_again(self) -> None:
        ledger = Ledger()
        first = ready(ledger)
        for number in range(1000):
            first.post(Ack(str(UUID(int=number))))
        sent(first)
        first.close()
        again = [message.job for message in sent(ready(ledger)) if isinstance(message, Ack)]
        assert again[-1] == str(UUID(int=999))
        assert len(again) < 100

    def test_a_question_is_not_lost(self) -> None:
        ledger = Ledger()
        first = ready(ledger)
        first.post(ListModels(7))
        first.close()
        assert sent(ready(ledger)) == [ListModels(7)]

    def test_an_ended_job_is_not_resumed(self) -> None:
        ledger = Ledger()
        first = ready(ledger)
        with_job(first)
        tell(first, Done(JOB, 2, (), {}))
        first.close()
        assert sent(ready(ledger)) == []


class TestProblems:
    def problem(self, code: ErrorCode) -> Problem:
        return Problem(ErrorInfo(code, "m", "", Fault.USER), job=JOB)

    def test_a_refused_submit_ends_the_job(self) -> None:
        ledger = Ledger()
        session = ready(ledger)
        session.post(SUBMIT)
        assert tell(session, self.problem(ErrorCode.QUEUE_FULL)) == [self.problem(ErrorCode.QUEUE_FULL)]
        assert not ledger.jobs

    def test_an_accepted_job_goes_on(self) -> None:
        ledger = Ledger()
        session = ready(ledger)
        with_job(session)
        tell(session, self.problem(ErrorCode.PROTOCOL_ERROR))
        assert JOB in ledger.jobs
        tell(session, self.problem(ErrorCode.UNKNOWN_JOB))
        assert not ledger.jobs

    def test_an_answered_question_is_not_asked_again(self) -> None:
        ledger = Ledger()
        session = ready(ledger)
        session.post(ListModels(7))
        tell(session, Problem(ErrorInfo(ErrorCode.INTERNAL, "m", "", Fault.SERVER), request=7))
        assert not ledger.questions


def test_credit_is_granted_for_what_was_taken() -> None:
    session = ready(Ledger())
    with_job(session)
    tell(session, patch(2, 1))
    session.receive_bytes(encode_chunk(1, 0, b"abcd"))
    session.grant(held=0)
    assert sent(session) == []  # a quarter of the window, 16 bytes, is not reached
    tell(session, Preview(JOB, 3, Bounds(0, 0, 9, 9), Pixels(Extent(32, 1), GRAY, Blob(2, 32, "0" * 64))))
    session.receive_bytes(encode_chunk(2, 0, bytes(31)))
    session.grant(held=10)
    assert sent(session) == [Credit(25)]
