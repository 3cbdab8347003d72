"""Messages to frames and back. What protocol.py declares is read by reflection: no message is spelled out here.

Decoding validates first and constructs then; it raises ProtocolError for whatever the wire may bring, with the path of
the field that is wrong, and nothing else.
"""

from __future__ import annotations

import dataclasses
import json
import struct
import types
import typing
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any, TypeVar, Union

from ..errors import ErrorCode, ErrorInfo, ProtocolError
from ..geometry import Bounds, Extent
from ..i18n.sentence import Sentence, SentenceValue
from . import strict_json
from .protocol import MAX_CHUNK_BYTES, Blob, Json, Message
from .rules import MAX_BLOB_ID, broken_rule

CHUNK_HEADER = struct.Struct("<4sIQ")  # magic, blob id, offset
CHUNK_MAGIC = b"FVC1"
KEYS = "keys"  # of an object with sentences: what they are made of, by the field's name

Value = TypeVar("Value")
_Reader = Callable[[Any, str], Any]  # (JSON value, its path) -> value; raises ProtocolError


@dataclass(frozen=True)
class Chunk:
    """A part of a blob, as one binary frame carries it."""

    blob: int  # the blob's id
    offset: int  # bytes from the blob's beginning
    payload: memoryview  # not empty


# --- messages --------------------------------------------------------------------------------------------------------


def encode(message: Message) -> str:
    """Return the control frame of `message`, the same for equal messages.

    Raises ProtocolError where a value breaks a rule of the wire.
    """
    return strict_json.dumps({"type": message.TYPE, **_write_fields(message, message.TYPE)})


def decode(text: str, accepted: tuple[type, ...]) -> Message:
    """Return the message of a control frame; `accepted` names the classes that may come.

    Raises ProtocolError, with the code `unknown_message` where the type is none of theirs.
    """
    fields = strict_json.loads(text)
    if not isinstance(fields, dict):
        raise ProtocolError("A control message must be a JSON object.")
    name = fields.get("type")
    if not isinstance(name, str):
        raise ProtocolError('A control message must have a string "type".')
    message_class = _by_type(accepted).get(name)
    if message_class is None:
        raise ProtocolError(
            f"There is no message of type {name[:64]!r} here.",
            code=ErrorCode.UNKNOWN_MESSAGE,
            remedy="Update the older of the two programs.",
        )
    return typing.cast("Message", _read_dataclass(message_class, fields, name))


def encode_error(info: ErrorInfo) -> str:
    """Return an error as a JSON object: the body of a refused handshake."""
    return strict_json.dumps(_write_fields(info, "error"))


def decode_error(text: str) -> ErrorInfo:
    """Return the error that a JSON object describes. Raises ProtocolError where it describes none."""
    return typing.cast("ErrorInfo", _read_dataclass(ErrorInfo, strict_json.loads(text), "error"))


def blobs_of(message: object) -> list[Blob]:
    """Return the blobs that a message (or a value inside one) declares, in the order of its fields."""
    return list(_find_blobs(message))


def with_blobs(message: Value, blobs: Iterable[Blob]) -> Value:
    """Return `message` with other blobs in the place of its own, in the order of :func:`blobs_of`."""
    return typing.cast("Value", _replace_blobs(message, iter(blobs)))


def _replace_blobs(value: Any, blobs: Iterator[Blob]) -> Any:
    if isinstance(value, Blob):
        return next(blobs)
    if isinstance(value, tuple):
        return tuple(_replace_blobs(entry, blobs) for entry in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        changed = {name: _replace_blobs(entry, blobs) for name, entry in fields.items()}
        return dataclasses.replace(value, **{name: new for name, new in changed.items() if new is not fields[name]})
    return value


def _find_blobs(value: object) -> Iterator[Blob]:
    if isinstance(value, Blob):
        yield value
    elif isinstance(value, tuple):
        for entry in value:
            yield from _find_blobs(entry)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from _find_blobs(getattr(value, field.name))


# --- writing ---------------------------------------------------------------------------------------------------------


def _write_fields(value: Any, path: str) -> dict[str, object]:
    if reason := broken_rule(value):
        raise ProtocolError(f"{path}: {reason}.")
    fields = {
        field.name: getattr(value, field.name)
        for field in dataclasses.fields(value)
        if not _is_left_out(field, getattr(value, field.name))
    }
    keys = {name: _write_key(entry) for name, entry in fields.items() if isinstance(entry, Sentence) and entry.values}
    written = {name: _write(entry, f"{path}.{name}") for name, entry in fields.items()}
    return {**written, KEYS: keys} if keys else written


def _write_key(sentence: Sentence) -> dict[str, object]:
    values = {
        name: {"text": str(value), **_write_key(value)} if isinstance(value, Sentence) else value
        for name, value in sentence.values.items()
    }
    return {"key": sentence.key, "values": values}


def _is_left_out(field: dataclasses.Field[Any], value: object) -> bool:
    """Tell whether a field that a later version added says nothing: frames are then those of version 1, to the byte."""
    return "since" in field.metadata and bool(value == field.default)


def _write(value: Any, path: str) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [_write(entry, f"{path}[{index}]") for index, entry in enumerate(value)]
    if dataclasses.is_dataclass(value):
        fields = _write_fields(value, path)
        return list(fields.values()) if isinstance(value, (Extent, Bounds)) else fields
    return value


# --- reading ---------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=16)
def _by_type(accepted: tuple[Any, ...]) -> dict[str, type]:
    return {message_class.TYPE: message_class for message_class in accepted}


@dataclass(frozen=True)
class _Field:
    name: str
    read: _Reader
    required: bool
    is_sentence: bool


@lru_cache(maxsize=128)
def _fields_of(cls: Any) -> tuple[_Field, ...]:
    hints = typing.get_type_hints(cls, localns={"Json": Json})  # which names itself
    return tuple(
        _Field(
            field.name,
            _reader(hints[field.name]),
            field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING,
            Sentence in typing.get_args(hints[field.name]),
        )
        for field in dataclasses.fields(cls)
    )


def _read_dataclass(cls: Any, value: Any, path: str) -> Any:
    if not isinstance(value, dict):
        raise _wrong(path, "an object", value)
    arguments = {}
    for field in _fields_of(cls):
        if field.name in value:
            arguments[field.name] = field.read(value[field.name], f"{path}.{field.name}")
        elif field.required:
            raise ProtocolError(f"{path}.{field.name} is missing.")
    sentences = {field.name for field in _fields_of(cls) if field.is_sentence and field.name in arguments}
    if sentences and KEYS in value:
        keys = _read_json_object(value[KEYS], f"{path}.{KEYS}")
        for name in sentences & keys.keys():
            arguments[name] = _read_sentence(arguments[name], keys[name], f"{path}.{KEYS}.{name}")
    return _checked(cls(**arguments), path)


def _read_sentence(text: str, value: Any, path: str) -> Sentence:
    fields = _read_json_object(value, path)
    values = _read_json_object(fields.get("values"), f"{path}.values")
    read = {name: _read_sentence_value(entry, f"{path}.values.{name}") for name, entry in values.items()}
    return Sentence.finished(text, _read_text(fields.get("key"), f"{path}.key"), read)


def _read_sentence_value(value: Any, path: str) -> SentenceValue:
    if isinstance(value, dict):
        return _read_sentence(_read_text(value.get("text"), f"{path}.text"), value, path)
    return value if isinstance(value, str) else _read_integer(value, path)


def _checked(value: Any, path: str) -> Any:
    if reason := broken_rule(value):
        raise ProtocolError(f"{path}: {reason}.")
    return value


def _reader(hint: Any) -> _Reader:
    """Return what reads a value of the type `hint`."""
    origin = typing.get_origin(hint)
    if Sentence in typing.get_args(hint):
        return _read_text
    if origin in (Union, types.UnionType):
        return _optional_reader(hint)
    if origin is tuple:
        return _tuple_reader(_reader(typing.get_args(hint)[0]))
    if origin is dict:
        return _read_json_object
    return _SCALARS.get(hint) or _class_reader(hint)


def _class_reader(cls: Any) -> _Reader:
    if cls in (Extent, Bounds):
        return _integers_reader(cls)
    if issubclass(cls, Enum):
        return _enum_reader(cls)
    return lambda value, path: _read_dataclass(cls, value, path)


def _optional_reader(hint: Any) -> _Reader:
    (inner,) = (argument for argument in typing.get_args(hint) if argument is not type(None))
    read = _reader(inner)
    return lambda value, path: None if value is None else read(value, path)


def _tuple_reader(read: _Reader) -> _Reader:
    def read_tuple(value: Any, path: str) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise _wrong(path, "a list", value)
        return tuple(read(entry, f"{path}[{index}]") for index, entry in enumerate(value))

    return read_tuple


def _integers_reader(cls: type[Extent | Bounds]) -> _Reader:
    names = [field.name for field in dataclasses.fields(cls)]

    def read_integers(value: Any, path: str) -> Extent | Bounds:
        if not isinstance(value, list) or len(value) != len(names):
            raise _wrong(path, f"a list [{', '.join(names)}]", value)
        numbers = [_read_integer(entry, f"{path}[{index}]") for index, entry in enumerate(value)]
        return typing.cast("Extent | Bounds", _checked(cls(*numbers), path))

    return read_integers


def _enum_reader(cls: type[Enum]) -> _Reader:
    values: dict[Any, Enum] = {member.value: member for member in cls}
    known = ", ".join(map(str, values))

    def read_enum(value: Any, path: str) -> Enum:
        if isinstance(value, str) and value in values:
            return values[value]
        if isinstance(value, str) and cls is ErrorCode:
            return ErrorCode.INTERNAL  # a newer peer's code: its sentence still tells what happened
        raise _wrong(path, f"one of {known}", value)

    return read_enum


def _read_json_object(value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(path, "an object", value)
    return value


def _read_boolean(value: Any, path: str) -> bool:
    if not isinstance(value, bool):
        raise _wrong(path, "true or false", value)
    return value


def _read_integer(value: Any, path: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong(path, "a whole number", value)
    return value


def _read_number(value: Any, path: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _wrong(path, "a number", value)
    return float(value)


def _read_text(value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise _wrong(path, "a string", value)
    return value


_SCALARS: dict[Any, _Reader] = {bool: _read_boolean, int: _read_integer, float: _read_number, str: _read_text}
_JSON_NAMES = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", int: "a whole number"}


def _wrong(path: str, expected: str, value: object) -> ProtocolError:
    found = "null" if value is None else _JSON_NAMES.get(type(value), "a number")
    if isinstance(value, (str, bool, int, float)) and len(shown := json.dumps(value)) <= 40:
        found = shown
    return ProtocolError(f"{path} must be {expected}, not {found}.")


# --- chunks ----------------------------------------------------------------------------------------------------------


def encode_chunk(blob: int, offset: int, payload: bytes | bytearray | memoryview) -> bytes:
    """Return the binary frame that carries `payload` (1 to MAX_CHUNK_BYTES bytes) at `offset` of the blob."""
    view = memoryview(payload).cast("B")
    if not (1 <= len(view) <= MAX_CHUNK_BYTES and 1 <= blob <= MAX_BLOB_ID and offset >= 0):
        raise ValueError(f"no chunk: blob {blob}, offset {offset}, {len(view)} bytes")
    return b"".join((CHUNK_HEADER.pack(CHUNK_MAGIC, blob, offset), view))


def decode_chunk(frame: bytes | bytearray | memoryview) -> Chunk:
    """Return the chunk that a binary frame carries. Raises ProtocolError where it is none."""
    view = memoryview(frame).cast("B")
    if len(view) <= CHUNK_HEADER.size:
        raise ProtocolError(f"A binary frame of {len(view)} bytes is too short to be a chunk.")
    if len(view) > CHUNK_HEADER.size + MAX_CHUNK_BYTES:
        raise ProtocolError(f"A chunk carries more than {MAX_CHUNK_BYTES} bytes.")
    magic, blob, offset = CHUNK_HEADER.unpack_from(view)
    if magic != CHUNK_MAGIC:
        raise ProtocolError('A binary frame does not begin with "FVC1".')
    if blob == 0:
        raise ProtocolError("A chunk names blob 0; blobs count from 1.")
    return Chunk(blob, offset, view[CHUNK_HEADER.size :])
