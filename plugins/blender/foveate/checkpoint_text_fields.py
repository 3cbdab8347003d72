"""What a checkpoint is told, as people type it and as the protocol has it. Without Blender."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable

from ._shared import errors, protocol

LARGEST_SEED = (1 << 31) - 1  # Blender's numbers have 31 bits and a sign
SIDES = ("left", "right", "top", "bottom")
SLOTS = (1, 2, 3, 4)  # LoRAs that the panel has room for; scripts can name more


def lora_list(text: str) -> list[protocol.Json]:
    """Return what a text such as "film-look:0.8, grain" names; without a weight, the LoRA's own is taken.

    Raises InputError where a weight is no number.
    """
    return [_lora(part.strip()) for part in text.split(",") if part.strip()]


def lora_text(loras: Iterable[tuple[str, float]]) -> str:
    """Return the text that :func:`lora_list` reads, of those that have a name."""
    return ", ".join(f"{name}:{weight:g}" for name, weight in loras if name)


def growth(left: int, right: int, top: int, bottom: int) -> protocol.JsonObject:
    """Return by how many pixels a picture grows, of the sides where it does. Raises InputError where it does not."""
    sides: protocol.JsonObject = {
        side: pixels for side, pixels in zip(SIDES, (left, right, top, bottom), strict=True) if pixels
    }
    if not sides:
        raise errors.InputError(
            "No side is to grow.", remedy="Say for at least one side by how many pixels the image grows."
        )
    return sides


def further(text: str) -> protocol.JsonObject:
    """Return parameters written as a JSON object; none where there is no text. Raises InputError for other texts."""
    try:
        values = json.loads(text or "{}")
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise errors.InputError(
            "Further parameters are no JSON object.", remedy="Write names in quotation marks, all of it in braces."
        )
    return values


def draw_seed() -> int:
    """Return a seed that Blender can show."""
    return random.SystemRandom().randrange(LARGEST_SEED + 1)


def _lora(part: str) -> protocol.Json:
    name, colon, weight = part.rpartition(":")
    if not colon:
        return {"name": part}
    try:
        return {"name": name.strip(), "weight": float(weight)}
    except ValueError:
        raise errors.InputError(
            f"{weight.strip()} is no weight of a LoRA.", remedy="Write name:weight, such as film-look:0.8."
        ) from None
