"""Parameters as people type them, and as the protocol has them. Without Blender."""

from __future__ import annotations

from ._shared import errors, protocol


def with_model(parameters: protocol.JsonObject, model: str) -> protocol.JsonObject:
    """Return the parameters with the model, where one is chosen."""
    return {**parameters, "model": model} if model else parameters


def numbers(text: str) -> list[protocol.Json]:
    """Return the numbers of faces in a text such as "1, 3". Raises InputError where it holds something else."""
    words = text.replace(",", " ").replace(";", " ").split()
    if not all(word.isdecimal() and int(word) > 0 for word in words):
        raise errors.InputError(
            f"{text} does not name faces.", remedy="Write their numbers, from left to right, such as: 1, 3."
        )
    return [int(word) for word in words]
