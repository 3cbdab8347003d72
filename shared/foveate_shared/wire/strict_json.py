"""JSON as the wire knows it: no duplicate keys, finite numbers, whole numbers within 2**53, bounded in every way."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from ..errors import ProtocolError
from .protocol import MAX_LIST, MAX_MESSAGE_BYTES, MAX_NESTING, MAX_TEXT

MAX_INTEGER = 1 << 53  # what a double holds exactly: many JSON libraries know no other number
_LONGEST_INTEGER = 17  # characters of -(2**53): longer ones are refused before they are converted


def loads(text: str) -> Any:
    """Return the value of `text`.

    Raises ProtocolError for whatever is not strict JSON or beyond the limits, and nothing else.
    """
    if utf8_length(text) > MAX_MESSAGE_BYTES:
        raise ProtocolError(f"A control message is longer than {MAX_MESSAGE_BYTES} bytes.")
    try:
        value = _DECODER.decode(text)
    except RecursionError as error:
        raise ProtocolError(f"A control message is nested deeper than {MAX_NESTING} levels.") from error
    except ValueError as error:
        raise ProtocolError(f"A control message is not valid JSON: {error}.") from error
    check(value)
    return value


def dumps(value: object) -> str:
    """Return `value` as compact JSON text. Raises ProtocolError where it is beyond the limits, or is no JSON."""
    check(value)
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    if utf8_length(text) > MAX_MESSAGE_BYTES:
        raise ProtocolError(f"A control message is longer than {MAX_MESSAGE_BYTES} bytes.")
    return text


def utf8_length(text: str) -> int:
    """Return the bytes of `text` in UTF-8. Raises ProtocolError where it holds half of a surrogate pair."""
    if text.isascii():
        return len(text)
    try:
        return len(text.encode())
    except UnicodeEncodeError as error:
        raise ProtocolError("A control message holds half of a surrogate pair, which is no character.") from error


def check(value: object, depth: int = 1) -> None:
    """Raise ProtocolError where `value` is no JSON value, or breaks one of the limits."""
    if isinstance(value, str):  # as most are
        _check_text(value)
    elif value is None or isinstance(value, bool):
        return
    elif isinstance(value, (int, float)):
        _check_number(value)
    elif isinstance(value, (list, dict)):
        _check_container(value, depth)
    else:
        raise ProtocolError(f"A control message holds a {type(value).__name__}, which JSON does not know.")


def _check_container(value: list[object] | dict[object, object], depth: int) -> None:
    if depth > MAX_NESTING:
        raise ProtocolError(f"A control message is nested deeper than {MAX_NESTING} levels.")
    if len(value) > MAX_LIST:
        raise ProtocolError(f"A list or an object in a control message has more than {MAX_LIST} entries.")
    if isinstance(value, dict):
        for name in value:
            if not isinstance(name, str):
                raise ProtocolError("An object in a control message has a name that is not a string.")
            _check_text(name)
        value = list(value.values())
    for entry in value:
        check(entry, depth + 1)


def _check_text(value: str) -> None:
    if len(value) > MAX_TEXT:
        raise ProtocolError(f"A string in a control message has more than {MAX_TEXT} characters.")
    if not value.isascii():
        utf8_length(value)


def _check_number(value: float) -> None:
    if isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise ProtocolError("A whole number in a control message is beyond 2**53.")
    elif not math.isfinite(value):
        raise ProtocolError("A number in a control message is not finite.")


def _read_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("an object has the same name twice")
    return result


def _read_integer(digits: str) -> int:
    if len(digits) > _LONGEST_INTEGER:
        raise ValueError("a whole number is beyond 2**53")
    return int(digits)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_read_object, parse_int=_read_integer, parse_constant=_refuse_constant
)  # stateless, so shared
