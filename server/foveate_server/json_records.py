"""Our own dataclasses as JSON, for pipes and files between our own processes.

The wire to clients is strict and has a codec of its own (foveate_shared.wire.codec). What is read here was written by
us: it is converted by the declared types and not otherwise checked. Fields may be JSON values, dataclasses, enums,
paths, bytes (base64), tuples `tuple[X, ...]`, mappings with string keys, `X | None`, and sentences (`str | Sentence`).
"""

from __future__ import annotations

import base64
import dataclasses
import json
import types
import typing
from collections.abc import Callable, Mapping
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, Union

from foveate_shared.i18n.sentence import Sentence
from foveate_shared.wire.protocol import Json, JsonObject

Value = TypeVar("Value")
_Reader = Callable[[Any], Any]


def dumps(value: object) -> str:
    """Return `value` as one line of ASCII JSON.

    Raises ValueError for NaN and infinities, TypeError for what is none of the above.
    """
    return json.dumps(value, default=_plain, allow_nan=False, separators=(",", ":"))


def loads(text: str | bytes, cls: type[Value]) -> Value:
    """Return the value of class `cls` that :func:`dumps` wrote.

    Raises ValueError, TypeError or KeyError where `text` is something else.
    """
    return from_json(cls, json.loads(text))


def to_json(value: object) -> JsonObject:
    """Return a dataclass or a mapping as a JSON object. Raises as :func:`dumps` does."""
    return typing.cast("JsonObject", json.loads(dumps(value)))


def from_json(cls: type[Value], value: Json) -> Value:
    """Return the `cls` that is written as the JSON value `value`. Raises as :func:`loads` does."""
    hint: Any = cls
    return typing.cast("Value", _reader(hint)(value))


def _plain(value: object) -> object:
    """Return what stands in JSON for a value that json does not know; json asks again for what is inside."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        sentences = _sentence_fields(type(value))
        return {
            field.name: _plain_sentence(getattr(value, field.name))
            if field.name in sentences
            else getattr(value, field.name)
            for field in dataclasses.fields(value)
        }
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def _plain_sentence(text: str) -> object:
    return text.as_json() if isinstance(text, Sentence) and text.values else text


@lru_cache(maxsize=256)
def _reader(hint: Any) -> _Reader:
    origin = typing.get_origin(hint)
    if origin in (Union, types.UnionType):
        return _optional_reader(typing.get_args(hint))
    if origin is tuple:
        read = _reader(typing.get_args(hint)[0])
        return lambda value: tuple(read(entry) for entry in value)
    if origin is not None and issubclass(origin, Mapping):
        read = _reader(typing.get_args(hint)[1])
        return lambda value: {name: read(entry) for name, entry in value.items()}
    return _class_reader(hint)


def _class_reader(hint: Any) -> _Reader:
    if not isinstance(hint, type):
        return _as_it_is
    if dataclasses.is_dataclass(hint):
        return lambda value: _read_dataclass(hint, value)
    if issubclass(hint, bytes):
        return base64.b64decode
    if issubclass(hint, (Enum, Path, float)):
        return hint
    return _as_it_is


def _optional_reader(alternatives: tuple[Any, ...]) -> _Reader:
    if Sentence in alternatives:
        return _read_sentence
    concrete = [hint for hint in alternatives if hint is not type(None)]
    if len(concrete) != 1:
        return _as_it_is  # a JSON value
    read = _reader(concrete[0])
    return lambda value: None if value is None else read(value)


def _read_sentence(value: Any) -> Any:
    return Sentence.from_json(value) if isinstance(value, dict) else value


def _as_it_is(value: Any) -> Any:
    return value


def _read_dataclass(cls: Any, value: dict[str, Any]) -> Any:
    readers = _field_readers(cls)
    return cls(**{name: readers[name](entry) for name, entry in value.items()})


@lru_cache(maxsize=128)
def _field_readers(cls: Any) -> dict[str, _Reader]:
    return {name: _reader(hint) for name, hint in _field_hints(cls).items()}


@lru_cache(maxsize=128)
def _sentence_fields(cls: Any) -> frozenset[str]:
    return frozenset(name for name, hint in _field_hints(cls).items() if Sentence in typing.get_args(hint))


def _field_hints(cls: Any) -> dict[str, Any]:
    # `Json` names itself, and modules that import only JsonObject do not know that name.
    hints = typing.get_type_hints(cls, localns={"Json": Any})
    return {field.name: hints[field.name] for field in dataclasses.fields(cls)}
