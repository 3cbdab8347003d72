"""The panel's parameters: properties of Blender, made of the schemas that the server tells, once it has told them.

They are views on the settings file, see foveate_shared.editor.kept_fields, so that they outlast the session and
need no second place.

Limits, titles and choices are the schema's. (An operator's properties are known to Blender before there is a server:
they have no limits, and the server says what is wrong with a value.)
"""

from __future__ import annotations

import random
from typing import Any

import bpy

from . import controller
from ._shared import kept_fields, kept_parameters, offered_operations, operation_form, protocol, typed_values

LARGEST_SEED = (1 << 31) - 1  # Blender's numbers have 31 bits and a sign
Kind = kept_fields.ValueKind
_PROPERTIES = {
    Kind.TEXT: "StringProperty",
    Kind.FLAG: "BoolProperty",
    Kind.WHOLE: "IntProperty",
    Kind.NUMBER: "FloatProperty",
    Kind.CHOICE: "EnumProperty",
    Kind.NAME: "StringProperty",  # without a search: Blender 4.3 crashes where E is pressed over one
}
_NONE = "NONE"  # identifies an empty choice: Blender wants a name for it


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
    controller.get().fields.clear()
    for info in controller.get().operations:
        for parameter in operation_form.parameters_in(info):
            kept = kept_parameters.KeptParameter(lambda: controller.get(), info.name, parameter)  # noqa: PLW0108 - the one that is open then
            for field in kept_fields.fields_of(kept, LARGEST_SEED):
                name = property_of(info.name, field.name)
                controller.get().fields[name] = field
                setattr(group, name, _property(field))


def _property(field: kept_fields.KeptField) -> Any:
    """Return the property of a field."""
    told: dict[str, Any] = {"name": field.title, "description": field.description}
    told |= {"get": lambda _: field.read(), "set": lambda _, value: field.write(value)}
    if field.kind is Kind.CHOICE:
        told["items"] = lambda _self, _context: _choices(field.kept)
    if field.kind in {Kind.WHOLE, Kind.NUMBER}:
        told |= {"min": field.low, "max": field.high}
    if field.kind is Kind.NUMBER:
        told["subtype"] = "FACTOR" if field.is_share else "NONE"
    return getattr(bpy.props, _PROPERTIES[field.kind])(**told)


def _choices(kept: kept_parameters.KeptParameter) -> controller.Choices:
    return controller.get().choices(tuple((str(each.value) or _NONE, each.title, "") for each in kept.choices))
