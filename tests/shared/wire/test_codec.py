"""The codec: what is written is read, and nothing on the wire raises anything but ProtocolError."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.messages import BY_CLASS, errors, json_values, messages
from foveate_shared.errors import ErrorCode, ErrorInfo, Fault, InputError, ProtocolError
from foveate_shared.i18n.sentence import Sentence
from foveate_shared.wire.codec import (
    CHUNK_HEADER,
    blobs_of,
    decode,
    decode_chunk,
    decode_error,
    encode,
    encode_chunk,
    encode_error,
    with_blobs,
)
from foveate_shared.wire.protocol import (
    CLIENT_MESSAGES,
    MAX_CHUNK_BYTES,
    MAX_LIST,
    MAX_MESSAGE_BYTES,
    MAX_NESTING,
    MAX_TEXT,
    SERVER_MESSAGES,
    Blob,
    Cancel,
    Done,
    Message,
    Note,
    Patch,
    Problem,
    Progress,
    Submit,
)

JOB = "123e4567-e89b-12d3-a456-426614174000"
ALL = tuple(dict.fromkeys((*CLIENT_MESSAGES, *SERVER_MESSAGES)))


def submit(**changes: Any) -> dict[str, Any]:
    profile = {"space": "srgb"}
    document = {"extent": [8, 8], "format": {"dtype": "u8", "channels": "RGB"}, "profile": profile}
    return {"type": "submit", "job": JOB, "operation": "x", "document": document, "selection": None, **changes}


def nested(levels: int) -> Any:
    return json.loads("[" * levels + "]" * levels)


def reason(fields: object) -> str:
    with pytest.raises(ProtocolError) as caught:
        decode(fields if isinstance(fields, str) else json.dumps(fields), ALL)
    return caught.value.info.message


def test_every_message_has_a_strategy() -> None:
    assert set(BY_CLASS) == set(ALL)


@given(messages)
def test_what_is_written_is_read(message: Message) -> None:
    frame = encode(message)
    assert decode(frame, ALL) == message
    assert encode(decode(frame, ALL)) == frame


@given(errors)
def test_errors_alone(error: ErrorInfo) -> None:
    assert decode_error(encode_error(error)) == error


@given(st.text())
def test_arbitrary_text(text: str) -> None:
    with contextlib.suppress(ProtocolError):
        decode(text, ALL)


@settings(max_examples=300)
@given(messages, json_values, st.data())
def test_any_field_replaced_by_anything(message: Message, value: object, data: st.DataObject) -> None:
    """However a valid message is bent, it is read or refused."""
    fields = json.loads(encode(message))
    target: Any = fields
    while True:
        keys = list(target) if isinstance(target, dict) else list(range(len(target)))
        key = data.draw(st.sampled_from(keys))
        if not target[key] or not isinstance(target[key], (dict, list)) or data.draw(st.booleans()):
            break
        target = target[key]
    target[key] = value
    with contextlib.suppress(ProtocolError):
        decode(json.dumps(fields), ALL)


@given(st.binary(max_size=64))
def test_arbitrary_chunks(frame: bytes) -> None:
    with contextlib.suppress(ProtocolError):
        decode_chunk(frame)


@given(st.integers(1, 2**32 - 1), st.integers(0, 2**64 - 1), st.binary(min_size=1, max_size=100))
def test_chunks_round_trip(blob: int, offset: int, payload: bytes) -> None:
    chunk = decode_chunk(encode_chunk(blob, offset, payload))
    assert (chunk.blob, chunk.offset, bytes(chunk.payload)) == (blob, offset, payload)


@pytest.mark.parametrize(
    "frame", [b"", b"FVC1", encode_chunk(1, 0, b"x")[:-1], b"FVC2" + bytes(20), b"FVC1" + bytes(20)]
)
def test_what_is_no_chunk(frame: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode_chunk(frame)


def test_the_size_of_chunks() -> None:
    decode_chunk(encode_chunk(1, 0, bytes(MAX_CHUNK_BYTES)))
    with pytest.raises(ProtocolError, match="more than"):
        decode_chunk(encode_chunk(1, 0, bytes(MAX_CHUNK_BYTES)) + b"x")
    with pytest.raises(ValueError, match="no chunk"):
        encode_chunk(1, 0, bytes(MAX_CHUNK_BYTES + 1))


def test_the_path_of_what_is_wrong() -> None:
    assert reason(submit(selection={"bounds": [0, 0, 1]})) == (
        "submit.selection.bounds must be a list [x, y, width, height], not a list."
    )
    assert reason(submit(selection={})) == "submit.selection.bounds is missing."
    assert reason(submit(priority=True)) == "submit.priority must be a whole number, not true."
    assert reason(submit(priority=1.0)) == "submit.priority must be a whole number, not 1.0."
    assert reason(submit(operation=None)) == "submit.operation must be a string, not null."
    assert reason({"type": "done", "job": JOB, "seq": 1, "outcomes": [{}], "recipe": {}}) == (
        "done.outcomes[0].item is missing."
    )


def test_the_direction_is_checked() -> None:
    with pytest.raises(ProtocolError) as caught:
        decode(encode(Cancel(JOB)), SERVER_MESSAGES)
    assert caught.value.info.code is ErrorCode.UNKNOWN_MESSAGE


def test_unknown_fields_are_ignored() -> None:
    assert decode(json.dumps(submit(from_the_future=1)), ALL) == decode(json.dumps(submit()), ALL)


def test_a_newer_servers_error_code_reads_as_internal() -> None:
    frame = '{"type":"error","error":{"code":"brand_new","message":"m","remedy":"","fault":"user"}}'
    problem = decode(frame, ALL)
    assert isinstance(problem, Problem)
    assert problem.error.code is ErrorCode.INTERNAL


@pytest.mark.parametrize(
    "text",
    [
        '{"type":"cancel","type":"cancel","job":"x"}',
        "[" * 100_000,
        '{"a":' * 100_000,
        "1" * 100_000,
        '{"type":"cancel","job":"\\ud800"}',
        '{"type":"cancel","job":"\ud800"}',
        '{"\\udfff":1}',
        '{"type":"list_jobs","request":1e999}',
        '{"type":"list_jobs","request":9007199254740993}',
        '{"type":"list_jobs","request":NaN}',
        '{"type":"list_jobs","request":-Infinity}',
        "\ufeff{}",
        "",
        "null",
        "{} {}",
        '{"type":null}',
        '{"type":["cancel"]}',
        "{'type':'cancel'}",
    ],
)
def test_what_is_no_strict_json(text: str) -> None:
    with pytest.raises(ProtocolError):
        decode(text, ALL)


@pytest.mark.parametrize(
    ("fits", "breaks"),
    [
        (
            json.loads("[" * (MAX_NESTING - 2) + "]" * (MAX_NESTING - 2)),
            json.loads("[" * MAX_NESTING + "]" * MAX_NESTING),
        ),
        ([0] * MAX_LIST, [0] * (MAX_LIST + 1)),
        ("x" * MAX_TEXT, "x" * (MAX_TEXT + 1)),
        (2**53, 2**53 + 1),
        (["é" * MAX_TEXT] * 7, ["é" * MAX_TEXT] * 8),
    ],
    ids=["nesting", "list", "text", "integer", "message"],
)
def test_the_limits_hold_both_ways(fits: Any, breaks: Any) -> None:
    message = Done(JOB, 1, (), {"value": fits})
    assert decode(encode(message), ALL) == message
    with pytest.raises(ProtocolError):
        encode(Done(JOB, 1, (), {"value": breaks}))
    fields = {"type": "done", "job": JOB, "seq": 1, "outcomes": [], "recipe": {"value": breaks}}
    with pytest.raises(ProtocolError):
        decode(json.dumps(fields, ensure_ascii=False), ALL)


def test_a_message_that_is_too_long_in_bytes() -> None:
    text = json.dumps({"type": "cancel", "job": JOB, "padding": ["x" * MAX_TEXT] * 17})
    assert len(text) > MAX_MESSAGE_BYTES
    assert "longer" in reason(text)


@pytest.mark.parametrize(
    "message",
    [
        Note(JOB, 0, "seq counts from 1"),
        Note(JOB.upper(), 1, "upper case"),
        Progress(JOB, 1, "x", float("nan")),
        Progress(JOB, 1, "x", 1.5),
        Note(JOB, 1, "\ud800"),
        Done(JOB, 1, (), {"x": object()}),  # type: ignore[dict-item]
        Done(JOB, 1, (), {1: "x"}),  # type: ignore[dict-item]
    ],
)
def test_a_wrong_message_is_not_sent(message: Message) -> None:
    with pytest.raises(ProtocolError):
        encode(message)


@given(BY_CLASS[Patch], BY_CLASS[Submit])
def test_blobs_come_in_the_order_of_fields(patch: Patch, submit: Submit) -> None:
    assert blobs_of(patch) == [plane.blob for plane in (patch.pixels, patch.coverage) if plane]
    documents = [submit.document] if submit.document else []
    assert blobs_of(submit) == [each.profile.icc for each in (*documents, *submit.pictures) if each.profile.icc]


@given(messages)
def test_blobs_are_replaced_in_the_order_of_fields(message: Message) -> None:
    new = [Blob(number, blob.size, blob.sha256) for number, blob in enumerate(blobs_of(message), 1)]
    changed = with_blobs(message, new)
    assert blobs_of(changed) == new
    assert with_blobs(changed, blobs_of(message)) == message


def test_the_header_is_sixteen_bytes() -> None:
    assert CHUNK_HEADER.size == 16
    assert encode_chunk(1, 2, b"x") == bytes.fromhex("46564331 01000000 0200000000000000 78")


def test_a_sentence_travels_with_its_key_beside_the_english() -> None:
    inner = Sentence("{count} models.", one="1 model.", count=1)
    error = InputError("No {name!r}: {known}", name="My. {x}", known=inner, remedy="Look again.").info
    frame = json.loads(encode(Problem(error)))["error"]
    assert frame.pop("keys") == {
        "message": {
            "key": "No {name}: {known}",
            "values": {
                "name": "'My. {x}'",
                "known": {"text": "1 model.", "key": "{count} models.", "values": {"count": 1}},
            },
        }
    }
    assert frame == json.loads(encode_error(ErrorInfo(error.code, str(error.message), error.remedy, error.fault)))
    read = decode_error(encode_error(error)).message
    assert isinstance(read, Sentence)
    assert read.as_json() == error.message.as_json()


def test_a_sentence_of_version_1_is_a_text() -> None:
    text = encode_error(ErrorInfo(ErrorCode.INTERNAL, "It failed.", "", Fault.SERVER))
    assert text == '{"code":"internal","message":"It failed.","remedy":"","fault":"server"}'
    assert type(decode_error(text).message) is str
