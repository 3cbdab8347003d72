"""Blobs: chunks within credit, control before pixels, and no lie goes unnoticed."""

from __future__ import annotations

import contextlib
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foveate_shared.errors import ErrorCode, ProtocolError
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.pixels import Channels, PixelFormat, SampleType
from foveate_shared.wire.blobs import BlobAssembler, BlobSender, Delivery
from foveate_shared.wire.codec import CHUNK_HEADER, decode, decode_chunk, encode_chunk
from foveate_shared.wire.protocol import CLIENT_MESSAGES, SERVER_MESSAGES, Blob, Cancel, Done, Patch, Pixels, Window

JOB = "123e4567-e89b-12d3-a456-426614174000"
OTHER_JOB = "123e4567-e89b-12d3-a456-426614174001"
GRAY = PixelFormat(SampleType.U8, Channels.Y)
EVERYTHING = (*CLIENT_MESSAGES, *SERVER_MESSAGES[5:])  # credit stands in both


def window(size: int, blob: Blob, name: str = "w", job: str = JOB) -> Window:
    return Window(job, name, Pixels(Extent(size, 1), GRAY, blob))


def post_window(sender: BlobSender, data: bytes, name: str = "w", job: str = JOB) -> None:
    sender.send(lambda blob: window(len(data), blob, name, job), [data], job=job)


def post_patch(sender: BlobSender, data: bytes, seq: int) -> None:
    bounds = Bounds(0, 0, len(data), 1)
    sender.send(lambda blob: Patch(JOB, seq, "item", bounds, Pixels(bounds.extent, GRAY, blob), None), [data], job=JOB)


def declared(data: bytes, blob_id: int = 1) -> Blob:
    return Blob(blob_id, len(data), hashlib.sha256(data).hexdigest())


def drain(sender: BlobSender) -> list[str | bytes]:
    return list(iter(sender.next_frame, None))


def deliver(assembler: BlobAssembler, frames: list[str | bytes]) -> list[Delivery]:
    deliveries = [
        assembler.declare(decode(frame, EVERYTHING)) if isinstance(frame, str) else assembler.receive(frame)
        for frame in frames
    ]
    return [delivery for delivery in deliveries if delivery]


class TestSender:
    def test_declares_before_the_first_chunk(self) -> None:
        sender = BlobSender(credit=100)
        post_window(sender, b"abc")
        declaration, chunk = drain(sender)
        assert isinstance(declaration, str)
        assert isinstance(chunk, bytes)
        assert bytes(decode_chunk(chunk).payload) == b"abc"
        assert sender.idle

    def test_control_overtakes_chunks(self) -> None:
        sender = BlobSender(credit=100, max_chunk_bytes=1)
        post_window(sender, b"abc")
        assert isinstance(sender.next_frame(), str)
        assert isinstance(sender.next_frame(), bytes)
        sender.post(Cancel(JOB))
        assert decode(str(sender.next_frame()), CLIENT_MESSAGES) == Cancel(JOB)
        assert isinstance(sender.next_frame(), bytes)

    def test_stops_without_credit_and_goes_on_with_it(self) -> None:
        sender = BlobSender(credit=2)
        post_window(sender, b"abcde")
        frames = drain(sender)
        assert [len(frame) - CHUNK_HEADER.size for frame in frames[1:]] == [2]
        assert not sender.idle
        sender.grant(3)
        (rest,) = drain(sender)
        assert decode_chunk(rest).offset == 2
        assert bytes(decode_chunk(rest).payload) == b"cde"

    def test_declares_only_a_little_ahead(self) -> None:
        sender = BlobSender(credit=0, ahead=5)
        for name in "abc":
            post_window(sender, b"1234", name)
        assert len(drain(sender)) == 2  # 4 bytes leave room for one more declaration, 8 do not
        assert sender.queued_bytes == 12

    def test_events_of_a_job_stay_behind_its_patches(self) -> None:
        sender = BlobSender(credit=0, ahead=1)
        post_patch(sender, b"first", 1)
        post_patch(sender, b"second", 2)
        sender.post(Done(JOB, 3, (), {}), job=JOB)
        sender.post(Cancel(OTHER_JOB))
        assert [type(decode(str(frame), EVERYTHING)) for frame in drain(sender)] == [Cancel, Patch]
        sender.grant(100)
        kinds = [type(decode(frame, EVERYTHING)) if isinstance(frame, str) else bytes for frame in drain(sender)]
        assert kinds == [bytes, Patch, Done, bytes]

    def test_discard_drops_the_jobs_pixels_alone(self) -> None:
        sender = BlobSender(credit=1, max_chunk_bytes=1)
        post_window(sender, b"abc")
        post_window(sender, b"abc", job=OTHER_JOB)
        assert len(drain(sender)) == 3
        sender.discard(JOB)
        sender.grant(100)
        frames = drain(sender)
        assert [decode_chunk(frame).blob for frame in frames] == [2, 2, 2]

    def test_a_broken_rule_is_the_callers(self) -> None:
        sender = BlobSender()
        with pytest.raises(ProtocolError, match=r"blob\.size"):
            sender.send(lambda blob: window(99, blob), [b"abc"])
        assert sender.idle


class TestAssembler:
    def test_an_empty_blob_is_complete_at_once(self) -> None:
        assembler = BlobAssembler()
        message = Cancel(JOB)
        assert assembler.declare(message) == Delivery(message)

    def test_delivers_what_was_sent(self) -> None:
        sender = BlobSender(credit=1 << 20, max_chunk_bytes=3)
        post_window(sender, b"0123456789")
        (delivery,) = deliver(BlobAssembler(), drain(sender))
        assert delivery.payloads == (b"0123456789",)
        assert delivery.size == 10

    def test_messages_without_blobs_are_not_held_up(self) -> None:
        assembler = BlobAssembler()
        assert assembler.declare(window(3, declared(b"abc"))) is None
        assert assembler.declare(Cancel(JOB)) == Delivery(Cancel(JOB))

    @pytest.mark.parametrize(
        ("chunks", "reason"),
        [
            ([(1, 0, b"abcd")], "reaches past"),
            ([(1, 1, b"bc")], "begins at 1"),
            ([(1, 0, b"ab"), (1, 1, b"bc")], "begins at 1"),
            ([(2, 0, b"abc")], "never declared"),
            ([(1, 0, b"abX")], "SHA-256"),
            ([(1, 0, b"abc"), (1, 3, b"d")], "is complete"),
        ],
    )
    def test_a_lie_is_refused(self, chunks: list[tuple[int, int, bytes]], reason: str) -> None:
        assembler = BlobAssembler()
        assembler.declare(window(3, declared(b"abc")))
        *honest, lie = [encode_chunk(*chunk) for chunk in chunks]
        for frame in honest:
            assembler.receive(frame)
        with pytest.raises(ProtocolError, match=reason):
            assembler.receive(lie)

    def test_ids_grow(self) -> None:
        assembler = BlobAssembler()
        assembler.declare(window(3, declared(b"abc", 2)))
        with pytest.raises(ProtocolError, match="ids must grow"):
            assembler.declare(window(3, declared(b"abc", 2)))

    def test_size_is_checked_before_a_sink_is_opened(self) -> None:
        opened: list[Blob] = []
        assembler = BlobAssembler(lambda message, blob: opened.append(blob), max_blob_bytes=2)  # type: ignore[arg-type,return-value]
        with pytest.raises(ProtocolError) as caught:
            assembler.declare(window(3, declared(b"abc")))
        assert caught.value.info.code is ErrorCode.TOO_LARGE
        assert not opened

    def test_pending_is_bounded(self) -> None:
        assembler = BlobAssembler(max_pending_bytes=5)
        assembler.declare(window(3, declared(b"abc", 1)))
        with pytest.raises(ProtocolError, match="declared and not yet sent"):
            assembler.declare(window(3, declared(b"abc", 2)))
        assembler = BlobAssembler(max_pending_messages=1)
        assembler.declare(window(3, declared(b"abc", 1)))
        with pytest.raises(ProtocolError, match="wait for their bytes"):
            assembler.declare(window(3, declared(b"abc", 2)))

    def test_credit(self) -> None:
        assembler = BlobAssembler(receive_window=8)
        assembler.declare(window(100, declared(bytes(100))))
        assembler.receive(encode_chunk(1, 0, bytes(1)))
        assert assembler.take_credit() == 0  # too little for a message
        assembler.receive(encode_chunk(1, 1, bytes(6)))
        assert assembler.take_credit(held=3) == 4
        assert assembler.outstanding == 3
        with pytest.raises(ProtocolError, match="receive window"):
            assembler.receive(encode_chunk(1, 7, bytes(6)))

    def test_discarded_blobs_drain(self) -> None:
        assembler = BlobAssembler()
        assembler.declare(window(4, declared(b"abcd")))
        assembler.receive(encode_chunk(1, 0, b"ab"))
        assembler.discard(lambda message: False)
        assert assembler.pending == []
        assert assembler.receive(encode_chunk(1, 2, b"??")) is None  # not looked at any more
        with pytest.raises(ProtocolError, match="reaches past"):
            assembler.receive(encode_chunk(1, 4, b"e"))

    def test_sinks_are_aborted(self) -> None:
        aborted: list[int] = []

        class Recorder:
            def write(self, data: memoryview) -> None:
                pass

            def finish(self) -> object:
                raise AssertionError

            def abort(self) -> None:
                aborted.append(1)

        assembler = BlobAssembler(lambda message, blob: Recorder())
        assembler.declare(window(4, declared(b"abcd")))
        assembler.abort()
        assert aborted == [1]


@given(st.data())
def test_any_interleaving_delivers_all(data: st.DataObject) -> None:
    """Whatever the sizes, chunk lengths, windows and moments of granting: all comes out as it went in."""
    window_size = data.draw(st.integers(1, 64), "receive window")
    payloads = data.draw(st.lists(st.binary(min_size=1, max_size=100), max_size=6), "payloads")
    sender = BlobSender(
        credit=window_size,
        max_chunk_bytes=data.draw(st.integers(1, 50), "chunk"),
        ahead=data.draw(st.integers(1, 200), "ahead"),
    )
    assembler = BlobAssembler(receive_window=window_size)
    for index, payload in enumerate(payloads):
        post_window(sender, payload, str(index))
    delivered: list[Delivery] = []
    while not sender.idle:
        frames = [frame for frame in (sender.next_frame() for _ in range(3)) if frame]
        delivered += deliver(assembler, frames)
        sender.grant(assembler.take_credit())
    assert [delivery.payloads[0] for delivery in delivered] == payloads
    assert assembler.pending == []


CHUNKS = st.builds(encode_chunk, st.integers(1, 3), st.integers(0, 5), st.binary(min_size=1, max_size=5))


@given(st.lists(st.binary(max_size=80) | CHUNKS, max_size=10))
def test_arbitrary_chunks_raise_nothing_else(frames: list[bytes]) -> None:
    assembler = BlobAssembler(receive_window=1000)
    assembler.declare(window(4, declared(b"abcd", 1)))
    assembler.declare(window(4, declared(b"efgh", 3)))
    with contextlib.suppress(ProtocolError):
        for frame in frames:
            assembler.receive(frame)
