"""The operations that an editor offers: those of the server, with words of our own where we have any.

What the server lists is what a person can choose; an operation that somebody added there is called as the server calls
it. Texts are English: translate them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..forms import comparison_lists, typed_values
from ..forms.checkpoint_choices import is_checkpoint, models_for
from ..i18n.translations import Texts
from ..wire.protocol import Json, JsonObject, ModelInfo, OperationInfo, as_object

EXTEND = "extend"  # offered beside "fill", which does it
WITHIN_OTHERS = {"detect"}  # asked for by a form of another operation, not by itself


@dataclass(frozen=True)
class OperationWords:
    """How an operation is offered."""

    title: str  # a word or two
    tip: str = ""
    on_selection: str = ""  # on the button that starts it; empty: the title
    on_all: str = ""  # likewise, where nothing is selected


_OURS = {
    "refocus": OperationWords(
        "Refocus", "Bring a blurred or noisy region into focus, in place", "Refocus selection", "Refocus image"
    ),
    "faces": OperationWords("Faces", "Find the faces and bring each into focus, in place", "Refocus all faces"),
    "upscale": OperationWords(
        "Upscale", "Enlarge the selected region, or all of the image", "Upscale selection", "Upscale image"
    ),
    "fill": OperationWords(
        "Fill",
        "Make new content in the selection, remove what is there, or extend the canvas; needs a checkpoint",
        "Fill selection",
        "Fill image",
    ),
    "compare": OperationWords(
        "Compare",
        "Try models, strengths, seeds or LoRAs side by side, on a sheet of its own; needs a checkpoint",
    ),
    EXTEND: OperationWords("Extend", "A larger image, whose new edges continue the old one", "Extend canvas"),
    "detect": OperationWords("Find faces"),
}


def served_by(operation: str) -> str:
    """Return the server's operation behind one that is offered."""
    return "fill" if operation == EXTEND else operation


def schema_of(operation: str, operations: Sequence[OperationInfo]) -> JsonObject:
    """Return the schema of the server's operation behind one that is offered; an empty one where none is known."""
    name = served_by(operation)
    return next((each.parameters for each in operations if each.name == name), {})


def words_of(operation: str, operations: Sequence[OperationInfo] = ()) -> OperationWords:
    """Return how an operation is offered; `operations` are the server's."""
    info = next((each for each in operations if each.name == operation), None)
    if operation in _OURS or info is None:
        return _OURS.get(operation, OperationWords(operation))
    return OperationWords(info.title, str(info.parameters.get("description", "")))


def offered(operations: Sequence[OperationInfo], models: Sequence[ModelInfo]) -> list[str]:
    """Return the names of the operations that can be done with these models, in the server's order."""
    return [
        each.name
        for each in operations
        if each.name not in WITHIN_OTHERS and (not _takes_model(each) or models_for(models, each.name))
    ]


def require_wish(operation: str, parameters: Mapping[str, object]) -> None:
    """Raise InputError where the parameters say nothing to extend, or to compare."""
    if operation == EXTEND and "extend" not in parameters:
        typed_values.growth({})
    if operation == "compare" and "variants" not in parameters:
        comparison_lists.variants_of({})


def needs_checkpoint(operation: str, models: Sequence[ModelInfo]) -> bool:
    """Tell whether only checkpoints can do an operation."""
    able = models_for(models, served_by(operation))
    return bool(able) and all(map(is_checkpoint, able))


def verb(words: OperationWords, say: Texts, parameters: Mapping[str, object], *, is_selected: bool) -> str:
    """Return what stands on the button that starts a job with these parameters."""
    if parameters.get("extend") is not None:
        return say(_OURS[EXTEND].on_selection)
    chosen, variants = parameters.get("only"), parameters.get("variants")
    if isinstance(chosen, list) and chosen:
        count = len(chosen)
        return say("Refocus 1 face") if count == 1 else say("Refocus {count} faces", count=count)
    if isinstance(variants, list) and len(variants) > 1:
        return say("Compare {count} variants", count=len(variants))
    return say((not is_selected and words.on_all) or words.on_selection or words.title)


def job_title(words: OperationWords, say: Texts, parameters: JsonObject, models: Sequence[ModelInfo]) -> str:
    """Return the name of a job and of what it makes: operation and model."""
    name = short_title(parameters.get("model") or "", models)
    title = say(words.title)
    return f"{title} ({name})" if name else title


def short_title(name: Json, models: Sequence[ModelInfo]) -> str:
    """Return a model's title without what it is for; its name where it is none of `models`."""
    title = next((model.title for model in models if model.name == name), name)
    return re.split(r" \(|: ", str(title), maxsplit=1)[0]


def made_by(recipe: JsonObject, *, with_seed: bool = False, models: Sequence[ModelInfo] = ()) -> str:
    """Return what follows the title in a result's name, such as " (photo, seed 7)"; empty where nothing is known.

    Of `models`, the one that made it is called by its title.
    """
    own = as_object(recipe.get("parameters")).get("seed") if with_seed else None  # a restorer has none
    seed = "" if own is None else f"seed {own}"
    told = ", ".join(filter(None, (short_title(as_object(recipe.get("model")).get("name") or "", models), seed)))
    return f" ({told})" if told else ""


def titled(title: str, recipe: JsonObject, models: Sequence[ModelInfo] = ()) -> str:
    """Return a job's title as its result's: with the model where nobody chose one, too, and the seed of a variation.

    Of `models`, the one that made it is called by its title.
    """
    parameters = as_object(recipe.get("parameters"))
    is_variation = bool(parameters.get("siblings"))
    if not title.endswith(")"):
        return title + made_by(recipe, with_seed=is_variation, models=models)
    return f"{title[:-1]}, seed {parameters.get('seed')})" if is_variation else title


def result_name(image: str, title: str, recipe: JsonObject, longest: int, *, step: int = 1) -> str:
    """Return a name for a result of an image, at most `longest` bytes; the image's own is cut where it is too long.

    `step` counts results of results: `image` is the first one's, and the recipes tell what lies between.
    """
    ending = f", {title}{made_by(recipe)}" + (f", step {step}" if step > 1 else "")
    room = max(8, longest - len(ending.encode()))
    return image.encode()[:room].decode(errors="ignore") + ending


def _takes_model(info: OperationInfo) -> bool:
    return "model" in as_object(info.parameters.get("properties"))
