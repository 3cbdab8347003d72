"""What each procedure offers: its arguments, in GIMP's terms, and the parameters that follow from them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from gi.repository import Gimp, GObject

from . import checkpoint_arguments
from ._shared import comparison_lists, errors, protocol, translations

_READ_WRITE = GObject.ParamFlags.READWRITE
_MAX_FACES = 1024  # that can be chosen by number
_MAX_EXTENSION = 8192  # pixels
_SIDES = ("left", "top", "right", "bottom")
COMPARED = {
    axis.name: f"compared-{axis.name}" for axis in comparison_lists.AXES
}  # arguments with lists, by the parameter
_RANGE = re.compile(r"(\d{1,5})(?:\s*-\s*(\d{1,5}))?")


@dataclass(frozen=True)
class OperationProcedure:
    """One procedure that works on an image."""

    procedure: str  # its name in GIMP
    name: str  # the protocol's name
    title: str  # for the person; the menu adds an ellipsis
    menu_label: str
    blurb: str
    add_arguments: Callable[[Gimp.Procedure, translations.Texts], None]
    parameters: Callable[[Gimp.ProcedureConfig], protocol.JsonObject]
    widgets: tuple[str, ...]  # arguments that the dialog shows at once
    expert: tuple[str, ...]  # and the ones that it folds away
    has_strength: bool = True
    is_whole: bool = False  # works on all of the image, whatever is selected
    needs_checkpoint: bool = False
    compares: bool = False  # one picture of several renderings: lists say which, and there are no variations


def wants_image(config: Gimp.ProcedureConfig) -> bool:
    """Tell whether the result shall be an image of its own."""
    return config.find_property("output") is not None and config.get_property("output") == "image"


def chosen_faces(text: str) -> list[int]:
    """Return the numbers in a text such as "1, 3-5", sorted. Raises InputError where it is none."""
    numbers: set[int] = set()
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = _RANGE.fullmatch(part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
        if not 1 <= first <= last <= _MAX_FACES:
            raise errors.InputError(
                "“{text}” is no number of a face.", remedy="Write numbers such as 1, 3-5.", text=part
            )
        numbers.update(range(first, last + 1))
    return sorted(numbers)


def all_operations() -> tuple[OperationProcedure, ...]:
    """Return the operations in the order of the menu."""
    return (
        OperationProcedure(
            "plug-in-foveate-refocus",
            "refocus",
            "Refocus",
            "_Refocus Selection...",
            "Bring the selected region into focus, in place, as a new layer",
            _add_refocus,
            _refocus_parameters,
            (),
            ("output",),
        ),
        OperationProcedure(
            "plug-in-foveate-faces",
            "faces",
            "Refocus Faces",
            "Refocus _Faces...",
            "Find the faces in the selected region and bring each into focus, as a new layer",
            _add_faces,
            _faces_parameters,
            ("only",),
            ("min-score", "output"),
        ),
        OperationProcedure(
            "plug-in-foveate-upscale",
            "upscale",
            "Upscale",
            "_Upscale Region...",
            "Enlarge the selected region to a new image, or give it the detail of a larger rendering in place",
            _add_upscale,
            _upscale_parameters,
            ("scale", "target"),
            (),
        ),
        OperationProcedure(
            "plug-in-foveate-fill",
            "fill",
            "Fill",
            "Fi_ll Selection...",
            "Make new content in the selection, or remove what is there; needs a checkpoint",
            _add_fill,
            _fill_parameters,
            ("start",),
            ("output",),
            needs_checkpoint=True,
        ),
        OperationProcedure(
            "plug-in-foveate-extend",
            "fill",
            "Extend canvas",
            "_Extend Canvas...",
            "Continue the picture beyond its edges, as a new image; needs a checkpoint",
            _add_extend,
            _extend_parameters,
            _SIDES,
            (),
            has_strength=False,
            is_whole=True,
            needs_checkpoint=True,
        ),
        OperationProcedure(
            "plug-in-foveate-compare",
            "compare",
            "Compare",
            "_Compare...",
            "Render the selection in several ways, side by side on a new image; needs a checkpoint",
            _add_compare,
            _compare_parameters,
            (),
            (),
            needs_checkpoint=True,
            compares=True,
        ),
    )


def _add_refocus(procedure: Gimp.Procedure, say: translations.Texts) -> None:
    _add_strength(procedure, say)
    _add_model(procedure, say)
    _add_output(procedure, say)
    checkpoint_arguments.add_arguments(procedure, say)


def _refocus_parameters(config: Gimp.ProcedureConfig) -> protocol.JsonObject:
    return {**_strength(config), **_said(config)}


def _add_faces(procedure: Gimp.Procedure, say: translations.Texts) -> None:
    _add_strength(procedure, say)
    procedure.add_string_argument(
        "only",
        say("Only these _faces"),
        say("Numbers of faces from left to right, such as 1, 3-5; empty for all"),
        "",
        _READ_WRITE,
    )
    _add_model(procedure, say)
    procedure.add_double_argument(
        "min-score",
        say("Cer_tainty"),
        say("How certain it must be that something is a face; a lower value finds more, also what is none"),
        0.2,
        1.0,
        0.5,
        _READ_WRITE,
    )
    _add_output(procedure, say)
    checkpoint_arguments.add_arguments(procedure, say)


def _faces_parameters(config: Gimp.ProcedureConfig) -> protocol.JsonObject:
    only = chosen_faces(config.get_property("only") or "")
    values: protocol.JsonObject = {
        "min_score": config.get_property("min-score"),
        **_strength(config),
        **_said(config),
    }
    return {**values, "only": only} if only else values


def _add_upscale(procedure: Gimp.Procedure, say: translations.Texts) -> None:
    procedure.add_int_argument(
        "scale", say("Sc_ale"), say("How many times as wide and high the rendering is"), 2, 4, 4, _READ_WRITE
    )
    target = Gimp.Choice.new()
    target.add("new-image", 0, say("New image"), say("The region, enlarged"))
    target.add("in-place", 1, say("In place"), say("The region at its own size, with the detail of a larger rendering"))
    procedure.add_choice_argument(
        "target", say("_Target"), say("Where the result goes"), target, "new-image", _READ_WRITE
    )
    _add_strength(procedure, say)
    _add_model(procedure, say)
    checkpoint_arguments.add_arguments(procedure, say)


def _upscale_parameters(config: Gimp.ProcedureConfig) -> protocol.JsonObject:
    target = "document" if config.get_property("target") == "in-place" else "new"
    return {"scale": config.get_property("scale"), "target": target, **_strength(config), **_said(config)}


def _add_fill(procedure: Gimp.Procedure, say: translations.Texts) -> None:
    start = Gimp.Choice.new()
    start.add("fill", 0, say("Surroundings"), say("What is around the selection, continued into it"))
    start.add("original", 1, say("What is there"), "")
    start.add("noise", 2, say("Noise"), "")
    blurb = say("What the selection holds at the start: a fill from its surroundings, what is there, or noise.")
    procedure.add_choice_argument("start", say("Start from"), blurb, start, "fill", _READ_WRITE)
    _add_strength(procedure, say)
    _add_model(procedure, say)
    _add_output(procedure, say)
    checkpoint_arguments.add_arguments(procedure, say)


def _fill_parameters(config: Gimp.ProcedureConfig) -> protocol.JsonObject:
    return {"start": config.get_property("start"), **_strength(config), **_said(config)}


def _add_extend(procedure: Gimp.Procedure, say: translations.Texts) -> None:
    blurb = say("Pixels by which the picture grows on this side")
    for name, title in zip(_SIDES, ("Left", "Top", "Right", "Bottom"), strict=True):
        procedure.add_int_argument(name, say(title), blurb, 0, _MAX_EXTENSION, 0, _READ_WRITE)
    _add_model(procedure, say)
    checkpoint_arguments.add_arguments(procedure, say)


def _extend_parameters(config: Gimp.ProcedureConfig) -> protocol.JsonObject:
    extend: protocol.JsonObject = {name: config.get_property(name) for name in _SIDES if config.get_property(name)}
    if not extend:
        raise errors.InputError(
            "The canvas grows on no side.", remedy="Say by how many pixels it grows: left, top, right or bottom."
        )
    return {"extend": extend, **_said(config)}


def _add_compare(procedure: Gimp.Procedure, say: translations.Texts) -> None:
    for axis in comparison_lists.AXES:
        blurb = f"{say(axis.description)} {axis.example}"
        procedure.add_string_argument(COMPARED[axis.name], say(axis.title), blurb, "", _READ_WRITE)
    _add_strength(procedure, say)
    _add_model(procedure, say)
    checkpoint_arguments.add_arguments(procedure, say, variations=False)


def _compare_parameters(config: Gimp.ProcedureConfig) -> protocol.JsonObject:
    lists = {name: config.get_property(argument) or "" for name, argument in COMPARED.items()}
    return {"variants": comparison_lists.variants_of(lists), **_strength(config), **_said(config)}


def _add_strength(procedure: Gimp.Procedure, say: translations.Texts) -> None:
    procedure.add_double_argument(
        "strength",
        say("Stren_gth"),
        say("0 leaves every pixel as it is, 1 is the full effect; -1: what is usual for the model"),
        checkpoint_arguments.UNSAID,
        1.0,
        checkpoint_arguments.UNSAID,
        _READ_WRITE,
    )


def _add_model(procedure: Gimp.Procedure, say: translations.Texts) -> None:
    procedure.add_string_argument(
        "model", say("_Model"), say("A model's name; empty for the server's default"), "", _READ_WRITE
    )


def _add_output(procedure: Gimp.Procedure, say: translations.Texts) -> None:
    output = Gimp.Choice.new()
    output.add("layer", 0, say("New layer"), say("Above all others, in the same place"))
    output.add("image", 1, say("New image"), say("The document is left alone"))
    procedure.add_choice_argument(
        "output", say("O_utput"), say("What the result becomes"), output, "layer", _READ_WRITE
    )


def _strength(config: Gimp.ProcedureConfig) -> protocol.JsonObject:
    strength = config.get_property("strength")
    return {"strength": strength} if strength >= 0 else {}


def _said(config: Gimp.ProcedureConfig) -> protocol.JsonObject:
    """Return what all operations know."""
    return {**_model(config), **checkpoint_arguments.parameters(config)}


def _model(config: Gimp.ProcedureConfig) -> protocol.JsonObject:
    name = (config.get_property("model") or "").strip()
    return {"model": name} if name else {}
