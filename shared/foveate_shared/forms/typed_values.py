"""Shorthand that scripts and single fields take: faces by numbers, LoRAs with weights, sides that grow.

It means something else than a parameter's schema says; texts that mean what a schema says are read by parameter_values.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping

from ..errors import InputError
from ..wire.protocol import Json, JsonObject
from . import comparison_lists, parameter_values

SIDES = ("left", "right", "top", "bottom")


def face_numbers(text: str) -> list[Json]:
    """Return the numbers of faces in a text such as "1, 3". Raises InputError where it holds something else."""
    words = text.replace(",", " ").replace(";", " ").split()
    if not all(word.isdecimal() and int(word) > 0 for word in words):
        raise InputError(
            "{text} does not name faces.", remedy="Write their numbers, from left to right, such as: 1, 3.", text=text
        )
    return [int(word) for word in words]


def lora_list(text: str) -> list[Json]:
    """Return what a text such as "film-look:0.8, grain" names; without a weight, the LoRA's own is taken.

    Raises InputError where a weight is no number.
    """
    return [_lora(part.strip()) for part in text.split(",") if part.strip()]


def loras_text(loras: Iterable[tuple[str, float]]) -> str:
    """Return the text that :func:`lora_list` reads, of those that have a name."""
    return ", ".join(f"{name}:{weight:g}" for name, weight in loras if name)


def parameters_of(said: Mapping[str, Json], lists: Mapping[str, str], schema: JsonObject) -> JsonObject:
    """Return a job's parameters out of what fields and scripts said: texts are read, empty ones say nothing.

    Sides (of SIDES) become the parameter `extend`, and what is listed for comparison (`lists`, by names of axes)
    becomes `variants`, whose schema is given. Raises InputError where a text cannot be read.
    """
    told: JsonObject = {}
    for name, value in said.items():
        if isinstance(value, float):
            told[name] = round(value, 4)  # without the digits that a widget adds
        elif not isinstance(value, str):
            told[name] = value
        elif value.strip():
            told[name] = _READ[name](value) if name in _READ else value
    if sides := {side: pixels for side in SIDES if isinstance(pixels := told.pop(side, None), int)}:
        told["extend"] = growth(sides)
    if any(lists.values()):
        told["variants"] = list(comparison_lists.variants_of(lists, schema))
    return told


def growth(sides: Mapping[str, int]) -> JsonObject:
    """Return by how many pixels a picture grows, of the sides where it does. Raises InputError where it does not."""
    growing: JsonObject = {side: pixels for side, pixels in sides.items() if pixels}
    if not growing:
        raise InputError("No side is to grow.", remedy="Say for at least one side by how many pixels the image grows.")
    return growing


def named_pictures(text: str) -> dict[str, str]:
    """Return the pictures that a JSON object names, by their names in a job. Raises InputError for other texts."""
    named = _object(text)
    if named is None or not all(isinstance(each, str) for each in named.values()):
        raise InputError(
            "The pictures are no JSON object of names.", remedy="Write them as {form}.", form='{"control": "edges"}'
        )
    return {name: str(each) for name, each in named.items()}


def further(text: str) -> JsonObject:
    """Return parameters written as a JSON object; none where there is no text. Raises InputError for other texts."""
    values = _object(text)
    if values is None:
        raise InputError(
            "Further parameters are no JSON object.", remedy="Write names in quotation marks, all of it in braces."
        )
    return values


def _scale(text: str) -> Json:
    return parameter_values.value_of({"type": "integer"}, text, "Scale")


def _object(text: str) -> JsonObject | None:
    """Return what a JSON object holds, nothing where there is no text; None for other texts."""
    try:
        values = json.loads(text or "{}")
    except ValueError:
        return None
    return values if isinstance(values, dict) else None


def _lora(part: str) -> Json:
    name, colon, weight = part.rpartition(":")
    if not colon:
        return {"name": part}
    try:
        return {"name": name.strip(), "weight": float(weight)}
    except ValueError:
        raise InputError(
            "{text} is no weight of a LoRA.", remedy="Write name:weight, such as film-look:0.8.", text=weight.strip()
        ) from None


_READ: Mapping[str, Callable[[str], Json]] = {"loras": lora_list, "only": face_numbers, "scale": _scale}
