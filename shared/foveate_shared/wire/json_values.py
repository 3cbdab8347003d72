"""What JSON can carry, as Python has it."""

from __future__ import annotations

from typing import Any, Union

# What JSON can carry. `parameters`, `recipe` and `data` hold it; everything else on the wire has a declared shape.
Json = Union[None, bool, int, float, str, "list[Json]", "dict[str, Json]"]
JsonObject = dict[str, Json]


def as_object(value: Any) -> JsonObject:
    """Return `value` where it is an object, else an empty one: what is missing and what is misshapen say as little."""
    return value if isinstance(value, dict) else {}
