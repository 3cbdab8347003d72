"""The parameters of an operation, declared once: a frozen dataclass that gives the JSON Schema and reads the values.

    @dataclass(frozen=True)
    class OutlineParameters:
        width: int = parameter("Width", "Of the line, in pixels.", default=3, minimum=1, maximum=64)

    declared = Declaration(OutlineParameters)
    declared.schema                  # what clients see, and are held to
    declared.parse({"width": 5})     # OutlineParameters(width=5)

A field's type says what its value is: bool, int, float, str, Literal (one of several), tuple[X, ...], dict[str, X], a
frozen dataclass (an object), or X | None where nothing is said. `Annotated[X, limits(...)]` is an X within limits.
A field made by :func:`group` holds parameters that several operations share: they stand beside the others.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Annotated, Any, Generic, Literal, TypeVar, Union

from foveate_server.models.model_requirement import ModelRequirement
from foveate_shared.wire.protocol import Json, JsonObject
from foveate_shared.wire.schema_words import DEFAULTS, KINDS, LEVEL, ROLE, TITLES

Values = TypeVar("Values")
_NOTHING: Any = object()
_SCHEMA, _GROUP, _ENTRIES, _CHOICES = "schema", "group", "entries", "choices"  # keys of a field's metadata
_WORDS: dict[Any, str] = {bool: "boolean", int: "integer", float: "number", str: "string"}


@dataclass(frozen=True)
class ValueLimits:
    """What a type does not say of its values, in the words of JSON Schema."""

    words: tuple[tuple[str, Json], ...]


def limits(**words: Json) -> ValueLimits:
    """Return limits, such as `minimum=0`, for Annotated."""
    return ValueLimits(tuple(words.items()))


def parameter(
    title: str = "",
    description: str = "",
    *,
    default: Json = _NOTHING,
    absent: Any = _NOTHING,
    level: str = "",
    kinds: tuple[str, ...] = (),
    default_by_kind: Mapping[str, Json] | None = None,
    titles: Mapping[str, Json] | None = None,
    role: str = "",
    entries: type | None = None,
    choices: Callable[[], Sequence[str]] | None = None,
    **words: Json,
) -> Any:
    """Return the field of a parameter.

    Parameters
    ----------
    title, description
        What clients show to people, in English.
    default
        What a job has where it says nothing. Without one the parameter may be left out, and then is `absent`.
    absent
        The value where the job has none: as `default`, else None.
    level, kinds, default_by_kind, titles, role
        See foveate_shared.wire.schema_words and, for roles, parameters.roles.
    entries
        The dataclass that says what the objects of a tuple look like which are kept as JSON, as they were said.
    choices
        Returns what a text may be, where only what is installed says it; called when the schema is first needed.
    words
        Further words of JSON Schema, such as `minimum`.

    """
    schema: JsonObject = {}
    if title:
        schema["title"] = title
    if description:
        schema["description"] = description
    schema |= words
    if default is not _NOTHING:
        schema["default"] = default
    if level:
        schema[LEVEL] = level
    if kinds:
        schema[KINDS] = list(kinds)
    if role:
        schema[ROLE] = role
    if default_by_kind:
        schema[DEFAULTS] = dict(default_by_kind)
    if titles:
        schema[TITLES] = dict(titles)
    value = absent if absent is not _NOTHING else None if default is _NOTHING else default
    return field(default=value, metadata={_SCHEMA: schema, _ENTRIES: entries, _CHOICES: choices})


def required(**words: Json) -> Any:
    """Return the field of an object's value that must not be left out."""
    return field(metadata={_SCHEMA: words, _ENTRIES: None})


def group(parameters: type) -> Any:
    """Return the field of `parameters`, a dataclass whose own parameters stand beside the others."""
    return field(default_factory=parameters, metadata={_GROUP: parameters})


@dataclass(frozen=True)
class Declaration(Generic[Values]):
    """What an operation can be told, as a dataclass declares it, and given: models.

    Raises TypeError, when it is first used, for what cannot be JSON.
    """

    values: type[Values]
    annotations: JsonObject = field(
        default_factory=dict
    )  # of the operation itself, such as "description" or "x-result"
    models: tuple[ModelRequirement, ...] = ()  # that it takes: those that meet any of these

    @cached_property
    def schema(self) -> JsonObject:
        """Return the JSON Schema (2020-12) of the parameters object, in the order of the fields."""
        return {**_object_schema(self.values), **self.annotations}

    def parse(self, told: JsonObject) -> Values:
        """Return the values of parameters that fit the schema; what is not told is absent, or has its default."""
        values: Values = _read_object(self.values, told)
        return values


@dataclass(frozen=True)
class NoParameters:
    """Those of an operation that has nothing to say."""


def _object_schema(cls: Any) -> JsonObject:
    properties = _properties(cls)
    needed: list[Json] = [each.name for each in dataclasses.fields(cls) if _is_required(each)]
    schema: JsonObject = {"type": "object", "properties": properties, "additionalProperties": False}
    if needed:
        schema["required"] = needed
    return schema


def _properties(cls: Any) -> JsonObject:
    found: JsonObject = {}
    hints = _hints(cls)
    for each in dataclasses.fields(cls):
        shared = each.metadata.get(_GROUP)
        if shared is not None:
            found |= _properties(hints[each.name])
        else:
            found[each.name] = _field_schema(each, hints[each.name])
    return found


def _field_schema(each: dataclasses.Field[Any], hint: Any) -> JsonObject:
    entries, own = each.metadata.get(_ENTRIES), each.metadata.get(_SCHEMA, {})
    if entries is not None:
        return {"type": "array", "items": _object_schema(entries), **own}
    choices = each.metadata.get(_CHOICES)
    enumerated: JsonObject = {"enum": list(choices())} if choices is not None else {}
    return {**_type_schema(hint), **enumerated, **own}


def _type_schema(hint: Any) -> JsonObject:
    make = _OF_ORIGIN.get(typing.get_origin(hint))
    if make is not None:
        return make(hint, typing.get_args(hint))
    if dataclasses.is_dataclass(hint):
        return _object_schema(hint)
    if hint not in _WORDS:
        raise TypeError(f"{hint} cannot be the type of a parameter")
    return {"type": _WORDS[hint]}


def _limited(_hint: Any, arguments: tuple[Any, ...]) -> JsonObject:
    words: JsonObject = {name: word for part in arguments[1:] for name, word in part.words}
    return {**_type_schema(arguments[0]), **words}


def _optional(hint: Any, _arguments: tuple[Any, ...]) -> JsonObject:
    return _type_schema(_concrete(hint))


_OF_ORIGIN: dict[Any, Callable[[Any, tuple[Any, ...]], JsonObject]] = {
    Annotated: _limited,
    Union: _optional,
    types.UnionType: _optional,
    Literal: lambda _, values: {"type": _WORDS[type(values[0])], "enum": list(values)},
    tuple: lambda _, parts: {"type": "array", "items": _type_schema(parts[0])},
    dict: lambda _, parts: {"type": "object", "additionalProperties": _type_schema(parts[1])},
}


def _read_object(cls: Any, told: JsonObject) -> Any:
    hints, values = _hints(cls), {}
    for each in dataclasses.fields(cls):
        if _GROUP in each.metadata:
            values[each.name] = _read_object(hints[each.name], told)
        elif each.name in told:
            kept = each.metadata.get(_ENTRIES) is not None
            value: Any = told[each.name]
            values[each.name] = tuple(value) if kept else _read(hints[each.name], value)
        elif type(each.default) is int:  # that of a float is written without a point
            values[each.name] = _read(hints[each.name], each.default)
    return cls(**values)


def _read(hint: Any, value: Any) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        return _read(arguments[0], value)
    if origin in (Union, types.UnionType):
        return None if value is None else _read(_concrete(hint), value)
    if origin is tuple:
        return tuple(_read(arguments[0], entry) for entry in value)
    if origin is dict:
        return {name: _read(arguments[1], entry) for name, entry in value.items()}
    if dataclasses.is_dataclass(hint):
        return _read_object(hint, value)
    # JSON writes a whole number without a point, and may write an integer with one.
    return hint(value) if hint in (int, float) else value


def _concrete(hint: Any) -> Any:
    found = [part for part in typing.get_args(hint) if part is not type(None)]
    if len(found) != 1:
        raise TypeError(f"{hint} is more than one type beside None")
    return found[0]


def _is_required(each: dataclasses.Field[Any]) -> bool:
    return each.default is dataclasses.MISSING and each.default_factory is dataclasses.MISSING


@lru_cache(maxsize=256)
def _hints(cls: Any) -> dict[str, Any]:
    return typing.get_type_hints(cls, include_extras=True)
