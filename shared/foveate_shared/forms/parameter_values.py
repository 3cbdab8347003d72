"""A parameter's value: read from what a person writes, and checked against the schema that the server sends.

    value = value_of(schema, "0.5", "--strength")  # 0.5
    check(schema, 2.0, "--strength")  # InputError: --strength must be at most 1. Write a number from 0 to 1.

Only what a person gets wrong is told here; the server checks all of the schema. Where it sends no limit, there is none.
"""

from __future__ import annotations

import json
import math
import re

from ..errors import InputError
from ..wire.protocol import Json, JsonObject, as_object

_YES, _NO = ("yes", "true", "on", "1"), ("no", "false", "off", "0")
_RANGE = re.compile(r"(\d{1,9})\s*-\s*(\d{1,9})")
_LONGEST_RANGE = 1 << 16  # numbers that "1-99" stands for, where the schema says nothing


def value_of(schema: JsonObject, text: str, label: str) -> Json:
    """Return what `text` says for a parameter, by its type; `label` is how the person knows the parameter.

    Lists are separated by commas, and those of whole numbers may have ranges ("1, 3-5"); objects are JSON. Raises
    InputError where the text is nothing of that type. Limits are left to :func:`check`.
    """
    kind = schema.get("type", "string")
    if kind == "integer":
        return _whole(text, label)
    if kind == "number":
        return _number(text, label)
    if kind == "boolean":
        return _flag(text, label)
    if kind == "array":
        return _list(schema, text, label)
    return _object(text, label) if kind == "object" else text


def is_answer(text: str) -> bool:
    """Tell whether `text` says yes or no, as :func:`value_of` reads it."""
    return text.strip().lower() in (*_YES, *_NO)


def check(schema: JsonObject, value: Json, label: str) -> None:
    """Raise InputError where a value breaks the schema of its parameter; the sentence begins with `label`."""
    choices = schema.get("enum")
    if isinstance(choices, list) and value not in choices:
        raise InputError(
            "{name} must be one of {choices}.",
            remedy="Choose one of them.",
            name=label,
            choices=", ".join(map(shown, choices)),
        )
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        _check_number(schema, value, label)
    elif isinstance(value, list):
        _check_count(schema, len(value), label)
        for each in value:
            check(as_object(schema.get("items")), each, label)
    elif isinstance(value, dict):
        known = as_object(schema.get("properties"))
        for name, each in value.items():
            check(as_object(known.get(name)), each, f"{label} ({name})")


def shown(value: Json) -> str:
    """Return a value as a person writes it."""
    if isinstance(value, bool):
        return _YES[0] if value else _NO[0]
    if isinstance(value, (int, float)):
        return f"{value:.10g}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def limit(schema: JsonObject, word: str) -> float | None:
    """Return a limit of a schema, such as its "maximum"; None where it has none."""
    value = schema.get(word)
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _check_number(schema: JsonObject, value: float, label: str) -> None:
    low, high = limit(schema, "minimum"), limit(schema, "maximum")
    remedy = f"Write a number from {shown(low)} to {shown(high)}." if low is not None and high is not None else ""
    if low is not None and value < low:
        raise InputError("{name} must be at least {limit}.", remedy=remedy, name=label, limit=shown(low))
    if high is not None and value > high:
        raise InputError("{name} must be at most {limit}.", remedy=remedy, name=label, limit=shown(high))


def _check_count(schema: JsonObject, count: int, label: str) -> None:
    most = limit(schema, "maxItems")
    if most is not None and count > most:
        raise InputError(
            "{name} has {count} entries, at most {most} are taken.",
            remedy="Shorten the list.",
            name=label,
            count=count,
            most=shown(most),
        )


def _whole(text: str, label: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise InputError(
            "{name} must be a whole number, not “{text}”.", remedy="Write digits alone.", name=label, text=text
        ) from None


def _number(text: str, label: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(
            "{name} must be a number, not “{text}”.", remedy="Write it such as 0.5.", name=label, text=text
        )
    return value


def _flag(text: str, label: str) -> bool:
    if not is_answer(text):
        raise InputError("{name} must be yes or no, not “{text}”.", remedy="Write one of them.", name=label, text=text)
    return text.strip().lower() in _YES


def _list(schema: JsonObject, text: str, label: str) -> list[Json]:
    items = as_object(schema.get("items"))
    parts = [part for part in (part.strip() for part in text.split(",")) if part]
    if items.get("type") == "object":
        return _json_list(text, label)
    if items.get("type") != "integer":
        return [value_of(items, part, label) for part in parts]
    most = int(limit(items, "maximum") or _LONGEST_RANGE)
    numbers = [number for part in parts for number in _numbers(part, most, label)]
    return list(sorted(set(numbers)) if schema.get("uniqueItems") else numbers)


def _numbers(part: str, most: int, label: str) -> range:
    """Return the numbers of "3" or "3-5"; none above `most` is counted out."""
    match = _RANGE.fullmatch(part)
    first, last = (int(match[1]), int(match[2])) if match else (0, -1)
    if part.isascii() and part.isdigit() and len(part) < 10:
        first = last = int(part)
    if match and first > last:
        raise InputError(
            "{name}: “{text}” counts backwards.",
            remedy="Write {turned}.",
            name=label,
            text=part,
            turned=f"{last}-{first}",
        )
    if first > last or last - first > most:
        raise InputError(
            "{name}: “{text}” is no number.", remedy="Write numbers such as 1, 3-5.", name=label, text=part
        )
    return range(first, last + 1)


def _json_list(text: str, label: str) -> list[Json]:
    value = _json(text, label)
    return value if isinstance(value, list) else [value]


def _object(text: str, label: str) -> JsonObject:
    value = _json(text, label)
    if not isinstance(value, dict):
        raise InputError(
            "{name} must be a JSON object.", remedy="Write it such as {example}.", example='{"left": 8}', name=label
        )
    return value


def _json(text: str, label: str) -> Json:
    try:
        value: Json = json.loads(text)
    except ValueError:
        raise InputError(
            "{name} must be JSON, not “{text}”.",
            remedy="Write it such as {example}.",
            example='{"left": 8}',
            name=label,
            text=text,
        ) from None
    return value
