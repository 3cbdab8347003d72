"""The panel's parameters: properties of Blender, made of the schemas that the server tells, once it has told them.

They are views on the settings file, see foveate_shared.editor.kept_parameters, so that they outlast the session and
need no second place.

Limits, titles and choices are the schema's. (An operator's properties are known to Blender before there is a server:
they have no limits, and the server says what is wrong with a value.)
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import bpy

from . import controller
from ._shared import comparison_lists, kept_parameters, offered_operations, operation_form, protocol, typed_values

LARGEST_SEED = (1 << 31) - 1  # Blender's numbers have 31 bits and a sign
SLOTS = kept_parameters.SLOTS
_NONE = "NONE"  # identifies an empty choice: Blender wants a name for it
list_of = kept_parameters.list_of  # the property, of panel and operator, that lists what is compared


def offered() -> list[str]:
    """Return the operations that the panel offers."""
    return kept_parameters.offered(controller.get())


def form_of(operation: str) -> operation_form.Form | None:
    """Return an operation's form, for the model and preset that are kept; None where it is not offered (yet)."""
    return kept_parameters.form_of(controller.get(), operation)


def schema_of(operation: str, name: str) -> protocol.JsonObject:
    """Return a parameter's schema; an empty one where no server has told it, who then says what is wrong."""
    shown = form_of(operation)
    parameter = shown.get(name) if shown else None
    return parameter.schema if parameter else {}


def property_of(operation: str, name: str) -> str:
    """Return the name of a parameter's property."""
    return f"{offered_operations.served_by(operation)}_{name}"


def panel_parameters(operation: str, panel: Any) -> protocol.JsonObject:
    """Return a job's parameters as the panel says them. Raises InputError where one cannot be read."""

    def seed(kept: kept_parameters.KeptParameter) -> protocol.Json:
        return random.SystemRandom().randrange(LARGEST_SEED + 1) if panel.draw_seed else kept.get() or 0

    others = {"seed": seed, "only": lambda _: typed_values.face_numbers(panel.only)}
    return kept_parameters.parameters_of(controller.get(), operation, others)


def keep_seed(panel: Any, seed: int) -> None:
    """Take a seed for the next jobs."""
    controller.get().keep(kept_parameters.WORDS, "seed", seed)
    panel.draw_seed = False


# --- properties ------------------------------------------------------------------------------------------------------


def define(group: Any) -> None:
    """Give a group the properties of all operations; once more where the server told others."""
    for info in controller.get().operations:
        for parameter in operation_form.parameters_in(info):
            kept = kept_parameters.KeptParameter(lambda: controller.get(), info.name, parameter)  # noqa: PLW0108 - the one that is open then
            for name, made in _properties(kept):
                setattr(group, property_of(info.name, name), made)


def _properties(kept: kept_parameters.KeptParameter) -> list[tuple[str, Any]]:
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


def _plain(kept: kept_parameters.KeptParameter, parameter: operation_form.Parameter, key: str) -> Any:
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


def _view(kept: kept_parameters.KeptParameter, key: str, otherwise: Any) -> dict[str, Any]:
    """Return the accessors of a property: what is kept, else the form's default, else `otherwise`."""

    def get(_: Any) -> Any:
        value = kept.view(key)
        try:
            return otherwise if value is None else type(otherwise)(value)
        except (TypeError, ValueError):  # the settings hold something of another kind
            return otherwise

    return {"get": get, "set": lambda _, value: kept.put(value, key)}


def _choice(kept: kept_parameters.KeptParameter) -> Any:
    """Return a property for one of a few values, which Blender numbers."""

    def items(_self: Any, _context: Any) -> controller.Choices:
        return controller.get().choices(tuple((str(each.value) or _NONE, each.title, "") for each in kept.choices))

    return bpy.props.EnumProperty(
        name=kept.parameter.title,
        description=kept.parameter.description,
        items=items,
        get=lambda _: kept.chosen,
        set=lambda _, number: kept.choose(number),
    )


def _list(kept: kept_parameters.KeptParameter, axis: comparison_lists.Axis) -> Any:
    search = {"search": search_list(kept.operation, axis.name)} if axis.name in {"model", "loras"} else {}
    told = {"name": axis.title, "description": axis.description}
    return bpy.props.StringProperty(**told, **search, **_view(kept, list_of(axis), ""))


def _lora(kept: kept_parameters.KeptParameter, slot: int) -> list[tuple[str, Any]]:
    """Return the properties of a LoRA and its weight."""
    key, weight = f"loras_{slot}", kept.parameter.part("weight")
    view = {**_view(kept, key, ""), "set": lambda _, name: kept.choose_lora(slot, name)}
    told = {"name": "LoRA", "description": kept.parameter.description, "search": _search(kept)}
    made = [(key, bpy.props.StringProperty(**told, **view))]
    return [*made, (f"{key}_weight", _plain(kept, weight, f"{key}_weight"))] if weight else made


def _search(kept: kept_parameters.KeptParameter) -> Callable[..., list[str]]:
    """Return the callback that offers what fits while one types."""
    return lambda _self, _context, _text: kept.names()


def search_list(operation: str, axis: str) -> Callable[..., list[str]]:
    """Return the callback that offers how a list can go on."""
    return lambda _self, _context, text: kept_parameters.continued(controller.get(), operation, axis, text)
