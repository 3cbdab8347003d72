"""What the panel keeps for checkpoints: words, style and sampling as last used.

Like the panel's other parameters these are views on the settings file. Until a person changes one, it shows what the
job would have without it: the preset's, the operation's or the checkpoint's own value.
"""

from typing import Any

import bpy

from . import controller
from ._shared import checkpoint_choices, comparison_lists, form, protocol
from .checkpoint_text_fields import LARGEST_SEED, SIDES, SLOTS
from .job_request import served_by

KEPT = "words"  # where they stand in the settings: one prompt for all operations
STARTS = (
    ("fill", "Surroundings", "The selection is filled from what is around it"),
    ("original", "What is there", "The selection keeps what it holds"),
    ("noise", "Noise", "The selection begins with noise"),
)
COMPARED = {
    axis.name: f"compare_{axis.title.lower()}" for axis in comparison_lists.AXES
}  # properties, of panel and operator
_OF_THE_STYLE = ("num_inference_steps", "guidance_scale", "scheduler")  # a preset may say them: a new one is shown


def form_of(operation: str, panel: Any) -> form.Form | None:
    """Return an operation's form, for the panel's model and preset; None where it is not offered (yet)."""
    name = served_by(operation)
    return controller.get().form(name, getattr(panel, f"{name}_model"), _kept("preset", ""))


def said(values: Any, operation: str) -> dict[str, Any]:
    """Return what FoveateCheckpoint `values` say, by parameter; whatever is not set is left out."""
    rt = controller.get()
    told = {name: _kept(name, "") for name in ("prompt", "negative_prompt", "preset", "vae")}
    told |= {name: _kept(name, None) for name in _OF_THE_STYLE}
    told |= {"strength": _kept(_strength_key(operation), None), "start": rt.default(KEPT, "start", None)}
    told["seed"] = None if values.draw_seed else values.seed
    return told


def loras(values: Any) -> list[tuple[str, float]]:
    """Return the LoRAs of the panel, with their weights."""
    slots = ((getattr(values, f"lora_{slot}"), getattr(values, f"lora_{slot}_weight")) for slot in SLOTS)
    return [(name, round(weight, 4)) for name, weight in slots if name]


def compared(values: Any) -> list[protocol.JsonObject]:
    """Return the variants that the lists of FoveateCheckpoint `values`, or of an operator, name.

    Raises InputError where there are none, or one cannot be read.
    """
    return comparison_lists.variants_of({axis: getattr(values, name) for axis, name in COMPARED.items()})


# --- accessors -------------------------------------------------------------------------------------------------------


def _kept(name: str, value: Any) -> Any:
    return controller.get().default(KEPT, name, value)


def _keep(name: str, value: Any) -> None:
    controller.get().set_default(KEPT, name, value)


def _view(name: str, value: Any) -> dict[str, Any]:
    return {"get": lambda _: _kept(name, value), "set": lambda _, new: _keep(name, new)}


def _view_or_default(name: str, value: Any) -> dict[str, Any]:
    """Return the accessors of what the form knows a default for."""
    return {"get": lambda _: _or_default(name, name, value), "set": lambda _, new: _keep(name, new)}


def _or_default(kept_as: str, name: str, value: Any) -> Any:
    kept = _kept(kept_as, None)
    if kept is not None:
        return type(value)(kept)
    panel = bpy.context.window_manager.foveate
    shown = form_of(panel.operation, panel)
    return type(value)(shown.default(name, value) if shown else value)


def _strength_key(operation: str) -> str:
    return f"strength of {served_by(operation)}"


def _current_strength_key() -> str:
    return _strength_key(bpy.context.window_manager.foveate.operation)


def _styles() -> tuple[form.PresetChoice, ...]:
    """Return the presets, which are the same for all checkpoints."""
    models = controller.get().models
    checkpoint = next((model.name for model in models if checkpoint_choices.is_checkpoint(model)), "")
    shown = controller.get().form("refocus", checkpoint)
    return shown.presets if shown else ()


def _preset_items(_self: Any, _context: Any) -> controller.Choices:
    return controller.get().choices((("NONE", "No preset", ""), *((each.name, each.title, "") for each in _styles())))


def _get_preset(_: Any) -> int:
    names = ["", *(each.name for each in _styles())]
    kept = _kept("preset", "")
    return names.index(kept) if kept in names else 0


def _set_preset(_: Any, number: int) -> None:
    _keep("preset", ["", *(each.name for each in _styles())][number])
    for name in (*_OF_THE_STYLE, _current_strength_key()):
        _keep(name, None)


def _start_items(_self: Any, _context: Any) -> controller.Choices:
    return controller.get().choices(STARTS)


def _get_start(_: Any) -> int:
    names = [name for name, _, _ in STARTS]
    kept = _or_default("start", "start", "fill")
    return names.index(kept) if kept in names else 0


def _search(name: str) -> Any:
    """Return the callback that offers what fits the checkpoint while one types."""

    def search(_self: Any, context: Any, _text: str) -> list[str]:
        panel = context.window_manager.foveate
        shown = form_of(panel.operation, panel)
        parameter = shown.get(name) if shown else None
        return [str(choice.value) for choice in parameter.choices if choice.value] if parameter else []

    return search


def _search_list(name: str) -> Any:
    """Return the callback that offers how a list can go on: with a checkpoint, or with a LoRA."""

    def search(_self: Any, context: Any, text: str) -> list[str]:
        if name == "model":
            names = [model.name for model in checkpoint_choices.models_for(controller.get().models, "compare")]
        else:
            names = [*_search(name)(None, context, ""), comparison_lists.NO_LORA]
        before, comma, _ = text.rpartition(",")
        return [f"{before}, {each}" if comma else each for each in names]

    return search


def _view_lora(slot: int) -> dict[str, Any]:
    """Return the accessors of a LoRA; one that is chosen begins at the weight that is usual for it."""

    def put(_: Any, name: str) -> None:
        _keep(f"lora_{slot}", name)
        known = next((model for model in controller.get().models if model.name == name), None)
        if known:
            _keep(f"lora_{slot}_weight", checkpoint_choices.usual_weight(known))

    return {"get": lambda _: _kept(f"lora_{slot}", ""), "set": put}


class FoveateCheckpoint(bpy.types.PropertyGroup):
    """Of the panel, where the model is a checkpoint."""

    prompt: bpy.props.StringProperty(
        name="Prompt",
        description="What the picture shall show there. Empty: what suits what is there. Weights: (words)1.2",
        **_view("prompt", ""),
    )
    negative_prompt: bpy.props.StringProperty(
        name="Negative prompt",
        description="What the picture shall not show.",
        **_view("negative_prompt", ""),
    )
    preset: bpy.props.EnumProperty(
        name="Preset",
        description="A style: words around the prompt, and parameters that go with it.",
        items=_preset_items,
        get=_get_preset,
        set=_set_preset,
    )
    strength: bpy.props.FloatProperty(
        name="Strength",
        description="How far the result may depart from what is there: 0 leaves every pixel as it is, 1 begins anew",
        subtype="FACTOR",
        min=0,
        max=1,
        get=lambda _: _or_default(_current_strength_key(), "strength", 0.5),
        set=lambda _, new: _keep(_current_strength_key(), round(new, 4)),
    )
    variations: bpy.props.IntProperty(
        name="Variations",
        description="How many pictures are made, each with a seed of its own. They wait for you to choose.",
        min=1,
        max=form.MAX_VARIATIONS,
        **_view("variations", 1),
    )
    start: bpy.props.EnumProperty(
        name="Start",
        description="What the selection holds at the start: a fill from its surroundings, what is there, or noise.",
        items=_start_items,
        get=_get_start,
        set=lambda _, number: _keep("start", STARTS[number][0]),
    )
    draw_seed: bpy.props.BoolProperty(
        name="New each time",
        description="Each job gives another picture. The seed that was drawn stands beside its result",
        **_view("draw_seed", True),
    )
    seed: bpy.props.IntProperty(
        name="Seed",
        description="The same seed gives the same picture.",
        min=0,
        max=LARGEST_SEED,
        **_view("seed", 0),
    )
    num_inference_steps: bpy.props.IntProperty(
        name="Steps",
        description="How many steps a run at full strength takes. Without it, the checkpoint's own number.",
        min=1,
        max=150,
        **_view_or_default("num_inference_steps", 20),
    )
    guidance_scale: bpy.props.FloatProperty(
        name="Guidance",
        description="How closely the picture follows the prompt. Without it, the checkpoint's own value.",
        min=0,
        max=30,
        **_view_or_default("guidance_scale", 7.0),
    )
    scheduler: bpy.props.StringProperty(
        name="Scheduler",
        description="How noise is taken away, by the name that the checkpoint's defaults list.",
        search=_search("scheduler"),
        **_view_or_default("scheduler", ""),
    )
    vae: bpy.props.StringProperty(
        name="VAE",
        description="What turns latents into pixels, in place of the checkpoint's own.",
        search=_search("vae"),
        **_view("vae", ""),
    )


for _slot in SLOTS:
    FoveateCheckpoint.__annotations__[f"lora_{_slot}"] = bpy.props.StringProperty(
        name="LoRA",
        description="What is added to the checkpoint, each with its weight.",
        search=_search("loras"),
        **_view_lora(_slot),
    )
    FoveateCheckpoint.__annotations__[f"lora_{_slot}_weight"] = bpy.props.FloatProperty(
        name="Weight",
        description="How much of the LoRA is added",
        min=-4,
        max=4,
        soft_min=0,
        soft_max=1,
        **_view(f"lora_{_slot}_weight", 1.0),
    )
for _axis in comparison_lists.AXES:
    FoveateCheckpoint.__annotations__[COMPARED[_axis.name]] = bpy.props.StringProperty(
        name=_axis.title,
        description=_axis.description,
        **_view(COMPARED[_axis.name], ""),
        **({"search": _search_list(_axis.name)} if _axis.name in {"model", "loras"} else {}),
    )
for _side in SIDES:
    FoveateCheckpoint.__annotations__[_side] = bpy.props.IntProperty(
        name=_side.capitalize(),
        description="By how many pixels the image grows on this side",
        subtype="PIXEL",
        min=0,
        max=16384,
        step=64,
        **_view(_side, 0),
    )

CLASSES = (FoveateCheckpoint,)
