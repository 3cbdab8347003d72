"""What is said of a parameter that breaks its schema: which one, what it is, and what it may be; no more than that."""

from __future__ import annotations

from typing import Any

from jsonschema.exceptions import ValidationError

from foveate_shared.errors import InputError
from foveate_shared.forms.parameter_values import limit, shown
from foveate_shared.i18n.sentence import Sentence
from foveate_shared.wire.protocol import JsonObject, as_object
from foveate_shared.wire.schema_words import LEVEL, REPLAY

_REMEDY = "Give another value, or leave it out."
_LONGEST = 60  # characters of a value that is quoted: the reason comes behind it

_TYPES = {
    "string": "a text",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
}
_NUMBERS = {  # without limits, with the lower one, with the upper one, with both
    "number": ("a number", "a number of at least {low}", "a number of at most {high}", "a number from {low} to {high}"),
    "integer": (
        "a whole number",
        "a whole number of at least {low}",
        "a whole number of at most {high}",
        "a whole number from {low} to {high}",
    ),
}


def refusal(error: ValidationError) -> InputError:
    """Return what its owner should read of a job whose parameters broke the schema."""
    value: Any = error.instance
    schema, path = as_object(error.schema), [str(part) for part in error.absolute_path]
    if error.validator == "additionalProperties":
        return _unknown(schema, value, path)
    name = ".".join(path)
    if error.validator == "maxItems":
        return InputError(
            "{name} has {count} entries, at most {most} are taken.",
            remedy="Shorten the list.",
            name=name,
            count=len(value),
            most=shown(schema["maxItems"]),
        )
    if error.validator == "maxLength":
        return InputError(
            "{name} has {count} characters, at most {most} are taken.",
            remedy="Shorten it.",
            name=name,
            count=len(value),
            most=shown(schema["maxLength"]),
        )
    allowed = _allowed(schema) if error.validator in {"type", "enum", "minimum", "maximum"} else None
    if name and allowed is not None:
        return InputError(
            "The parameter {name} is {value}; it must be {allowed}.",
            remedy=_REMEDY,
            name=name,
            value=_short(shown(value)),
            allowed=allowed,
        )
    quoted = repr(value)
    return InputError(
        "The parameter {name}: {reason}." if name else "The parameters: {reason}.",
        remedy=_REMEDY,
        name=name,
        reason=error.message.replace(quoted, _short(quoted), 1),
    )


def _unknown(schema: JsonObject, said: JsonObject, path: list[str]) -> InputError:
    known = as_object(schema.get("properties"))
    told = (name for name, each in known.items() if as_object(each).get(LEVEL) != REPLAY)
    return InputError(
        "Unknown parameters: {names}.",
        remedy="Known parameters: {known}.",
        names=_short(", ".join(".".join([*path, name]) for name in said if name not in known)),
        known=", ".join(sorted(told)),
    )


def _allowed(schema: JsonObject) -> Sentence | None:
    """Return what a value may be; None where that cannot be said in few words."""
    choices = schema.get("enum")
    if isinstance(choices, list):
        return Sentence("one of {choices}", choices=", ".join(map(shown, choices)))
    kind = str(schema.get("type"))
    if kind in _TYPES:
        return Sentence(_TYPES[kind])
    if kind not in _NUMBERS:
        return None
    low, high = limit(schema, "minimum"), limit(schema, "maximum")
    template = _NUMBERS[kind][(low is not None) + 2 * (high is not None)]
    return Sentence(template, low=shown(low), high=shown(high))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
