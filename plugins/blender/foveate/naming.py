"""Names of results. Without Blender."""

from __future__ import annotations

from ._shared import protocol

_LONGEST = 63  # bytes, in all Blenders before 5.0


def model_of(recipe: protocol.JsonObject) -> str:
    """Return the name of the model that a recipe names, or nothing."""
    model = recipe.get("model")
    return str(model.get("name", "")) if isinstance(model, dict) else ""


def result_name(image: str, title: str, model: str) -> str:
    """Return a name for the result that fits into Blender's; the image's own is cut where it is too long."""
    ending = f", {title}" + (f" ({model})" if model else "")
    room = max(8, _LONGEST - len(ending.encode()))
    return image.encode()[:room].decode(errors="ignore") + ending
