"""The panel's parameters: properties of Blender, made of the schemas that the server tells, once it has told them.

They are views on the settings file, so that they outlast the session and need no second place. Until a person changes
one, it shows what the job would have without it: the preset's, the operation's or the checkpoint's own value. What only
checkpoints know is kept once for all operations, their strength apart.

Limits, titles and choices are the schema's. (An operator's properties are known to Blender before there is a server:
they have no limits, and the server says what is wrong with a value.)
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import bpy

from . import controller
from ._shared import checkpoint_choices, comparison_lists, form, operations, protocol, typed_values

_WORDS = "words"  # where it is kept that only checkpoints know: one prompt for all operations
LARGEST_SEED = (1 << 31) - 1  # Blender's numbers have 31 bits and a sign
SLOTS = (1, 2, 3, 4)  # LoRAs that the panel has room for; scripts can name more
_NONE = "NONE"  # identifies an empty choice: Blender wants a name for it
_OF_THE_STYLE = ("num_inference_steps", "guidance_scale", "scheduler", "strength")  # a preset may say them


def offered() -> list[str]:
    """Return the operations that the panel offers."""
    names = controller.get().offered
    return [*names, operations.EXTEND] if operations.served_by(operations.EXTEND) in names else names


def form_of(operation: str) -> form.Form | None:
    """Return an operation's form, for the model and preset that are kept; None where it is not offered (yet)."""
    rt, name = controller.get(), operations.served_by(operation)
    return rt.form(name, str(rt.used(name).get("model", "")), str(rt.used(_WORDS).get("preset", "")))


def schema_of(operation: str, name: str) -> protocol.JsonObject:
    """Return a parameter's schema; an empty one where no server has told it, who then says what is wrong."""
    shown = form_of(operation)
    parameter = shown.get(name) if shown else None
    return parameter.schema if parameter else {}


def property_of(operation: str, name: str) -> str:
    """Return the name of a parameter's property."""
    return f"{operations.served_by(operation)}_{name}"


def list_of(axis: comparison_lists.Axis) -> str:
    """Return the property, of panel and operator, that lists what is compared."""
    return f"compare_{axis.title.lower()}"


def panel_parameters(operation: str, panel: Any) -> protocol.JsonObject:
    """Return a job's parameters as the panel says them. Raises InputError where one cannot be read."""
    shown = form_of(operation)
    if shown is None:  # no server has told yet
        return {}
    values = {each.name: _said(shown, each, operation, panel) for each in shown.parameters}
    return shown.parameters_of(values)


def keep_seed(panel: Any, seed: int) -> None:
    """Take a seed for the next jobs."""
    controller.get().keep(_WORDS, "seed", seed)
    panel.draw_seed = False


def _said(shown: form.Form, parameter: form.Parameter, operation: str, panel: Any) -> Any:
    name, kept = parameter.name, _Kept(shown.operation, parameter)
    if name == "seed":
        return random.SystemRandom().randrange(LARGEST_SEED + 1) if panel.draw_seed else kept.get() or 0
    if name == "only":
        return typed_values.face_numbers(panel.only)
    if name == "loras":
        slots = [(kept.get(f"loras_{slot}"), kept.get(f"loras_{slot}_weight")) for slot in SLOTS]
        return checkpoint_choices.with_loras(
            [(lora, 1.0 if weight is None else weight) for lora, weight in slots if lora]
        )
    if name == "variants":
        lists = {axis.name: str(kept.get(list_of(axis)) or "") for axis in comparison_lists.AXES}
        return comparison_lists.variants_of(lists, parameter.schema)
    if parameter.are_numbers:
        sides = {part.name: kept.get(f"{name}_{part.name}") or 0 for part in parameter.parts}
        return typed_values.growth(sides) if operation == operations.EXTEND else None
    value = kept.get()
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return type(value)(parameter.within(value)) if is_number else value


class _Kept:
    """What is kept of a parameter, and of the parts that have properties of their own."""

    def __init__(self, operation: str, parameter: form.Parameter) -> None:
        self.operation = operation
        self.parameter = parameter

    def get(self, key: str = "") -> Any:
        """Return what a person chose; None where nobody did."""
        where, name = self._place(key)
        return controller.get().used(where).get(name)

    def put(self, value: Any, key: str = "") -> None:
        """Keep it, floats without the digits that Blender adds."""
        where, name = self._place(key)
        controller.get().keep(where, name, round(value, 4) if isinstance(value, float) else value)

    def shown(self) -> form.Parameter | None:
        """Return the parameter as the form for the kept model and preset has it."""
        shown = form_of(self.operation)
        return shown.get(self.parameter.name) if shown else None

    def _place(self, key: str) -> tuple[str, str]:
        name = self.parameter.name
        if name == "strength":
            shown = form_of(self.operation)
            if shown is not None and shown.is_prompted:
                return _WORDS, f"strength of {self.operation}"
        elif self.parameter.is_for_checkpoints:
            return _WORDS, key or name
        return self.operation, key or name


# --- properties ------------------------------------------------------------------------------------------------------


def define(group: Any) -> None:
    """Give a group the properties of all operations; once more where the server told others."""
    for info in controller.get().operations:
        for parameter in form.parameters_in(info):
            for name, made in _properties(_Kept(info.name, parameter)):
                setattr(group, property_of(info.name, name), made)


def _properties(kept: _Kept) -> list[tuple[str, Any]]:
    """Return the properties of a parameter, by name; none where Blender has nothing for it."""
    parameter, name = kept.parameter, kept.parameter.name
    if name == "variants":
        return [(list_of(axis).removeprefix("compare_"), _list(kept, axis)) for axis in comparison_lists.AXES]
    if name == "loras":
        return [made for slot in SLOTS for made in _lora(kept, slot)]
    if parameter.are_numbers:
        return [(key := f"{name}_{part.name}", _plain(kept, part, key)) for part in parameter.parts]
    if parameter.is_closed or name == "preset":
        return [(name, _choice(kept))]
    return [(name, _plain(kept, parameter, name))] if parameter.type not in {"array", "object"} else []


def _plain(kept: _Kept, parameter: form.Parameter, key: str) -> Any:
    """Return a property for a text, a number or a switch."""
    told: dict[str, Any] = {"name": parameter.title, "description": parameter.description}
    if parameter.type == "boolean":
        return bpy.props.BoolProperty(**told, **_view(kept, key, False))
    if parameter.type not in {"number", "integer"}:
        named = parameter.names_a_choice or parameter.name == "model"
        search = {"search": _search(kept)} if named else {}
        return bpy.props.StringProperty(**told, **search, **_view(kept, key, ""))
    low = -LARGEST_SEED if parameter.minimum is None else parameter.minimum
    high = min(LARGEST_SEED, LARGEST_SEED if parameter.maximum is None else parameter.maximum)
    usual = parameter.default if isinstance(parameter.default, (int, float)) else max(0, low)
    if parameter.type == "integer":
        return bpy.props.IntProperty(**told, min=round(low), max=round(high), **_view(kept, key, int(usual)))
    subtype = "FACTOR" if parameter.is_share else "NONE"
    return bpy.props.FloatProperty(**told, min=low, max=high, subtype=subtype, **_view(kept, key, float(usual)))


def _view(kept: _Kept, key: str, otherwise: Any) -> dict[str, Any]:
    """Return the accessors of a property: what is kept, else the form's default, else `otherwise`."""

    def get(_: Any) -> Any:
        value = kept.get(key)
        if value is None and key == kept.parameter.name:
            shown = kept.shown()
            value = shown.default if shown else None
        try:
            return otherwise if value is None else type(otherwise)(value)
        except (TypeError, ValueError):  # the settings hold something of another kind
            return otherwise

    return {"get": get, "set": lambda _, value: kept.put(value, key)}


def _choice(kept: _Kept) -> Any:
    """Return a property for one of a few values, which Blender numbers."""

    def listed() -> tuple[form.Choice, ...]:
        shown = kept.shown()
        return shown.choices if shown else ()

    def items(_self: Any, _context: Any) -> controller.Choices:
        return controller.get().choices(tuple((str(each.value) or _NONE, each.title, "") for each in listed()))

    def get(_: Any) -> int:
        value, shown = kept.get(), kept.shown()
        chosen = shown.default if shown and value is None else value
        return next((number for number, each in enumerate(listed()) if each.value == chosen), 0)

    def put(_: Any, number: int) -> None:
        kept.put(listed()[number].value)
        if kept.parameter.name == "preset":  # a new style is shown
            shown = form_of(kept.operation)
            for parameter in shown.parameters if shown else ():
                if parameter.name in _OF_THE_STYLE:
                    _Kept(kept.operation, parameter).put(None)

    told = {"name": kept.parameter.title, "description": kept.parameter.description}
    return bpy.props.EnumProperty(**told, items=items, get=get, set=put)


def _list(kept: _Kept, axis: comparison_lists.Axis) -> Any:
    search = {"search": search_list(kept.operation, axis.name)} if axis.name in {"model", "loras"} else {}
    told = {"name": axis.title, "description": axis.description}
    return bpy.props.StringProperty(**told, **search, **_view(kept, list_of(axis), ""))


def _lora(kept: _Kept, slot: int) -> list[tuple[str, Any]]:
    """Return the properties of a LoRA and its weight; one that is chosen begins at the weight that is usual for it."""
    key, weight = f"loras_{slot}", kept.parameter.part("weight")

    def put(_: Any, name: str) -> None:
        kept.put(name, key)
        known = next((model for model in controller.get().models if model.name == name), None)
        if known:
            kept.put(checkpoint_choices.usual_weight(known), f"{key}_weight")

    told = {"name": "LoRA", "description": kept.parameter.description, "search": _search(kept)}
    made = [(key, bpy.props.StringProperty(**told, **{**_view(kept, key, ""), "set": put}))]
    return [*made, (f"{key}_weight", _plain(kept, weight, f"{key}_weight"))] if weight else made


def _search(kept: _Kept) -> Callable[..., list[str]]:
    """Return the callback that offers what fits while one types."""

    def search(_self: Any, _context: Any, _text: str) -> list[str]:
        if kept.parameter.name == "model":
            return [model.name for model in checkpoint_choices.models_for(controller.get().models, kept.operation)]
        shown = kept.shown()
        return [str(choice.value) for choice in shown.choices if choice.value] if shown else []

    return search


def search_list(operation: str, axis: str) -> Callable[..., list[str]]:
    """Return the callback that offers how a list can go on: with a checkpoint, or with a LoRA."""

    def search(_self: Any, _context: Any, text: str) -> list[str]:
        shown = form_of(operation)
        entries = comparison_lists.suggestions(shown, controller.get().models)[axis] if shown else []
        before, comma, _ = text.rpartition(",")
        return [comparison_lists.with_another(before if comma else "", each) for _, each in entries]

    return search
