"""The operations. From a script they block until the result is there; from a button they run beside your work.

Ours have properties for their parameters; `foveate.run_operation` takes those of any that the server has.
"""

from typing import Any

import bpy

from . import parameters
from ._shared import comparison_lists, offered_operations, protocol, typed_values
from .job_operator import ONCE, JobOperator

_TEXTS = ("prompt", "negative_prompt", "preset", "scheduler", "vae", "model")
_LISTS = tuple(parameters.list_of(axis) for axis in comparison_lists.AXES)
_WHOLE = ("seed", "num_inference_steps", *typed_values.SIDES)
_FRACTIONS = ("strength", "guidance_scale", "min_score")
_ALL = (*_TEXTS, "loras", "strength", "seed", "num_inference_steps", "guidance_scale")
_OURS = {  # label, description and further parameters, by operation
    "refocus": (
        ("Refocus", "Refocus Region", "Bring the selected region of the image into focus. The result is a new image"),
        (),
    ),
    "faces": (
        ("Faces", "Refocus Faces", "Find the faces in the selected region and refocus each. The result is a new image"),
        ("only", "min_score"),
    ),
    "upscale": (
        ("Upscale", "Upscale Region", "Enlarge the selected region as a new image, or give it more detail in place"),
        ("scale", "target"),
    ),
    "fill": (
        ("Fill", "Fill Region", "Fill the selected region with new content. The result is a new image"),
        ("start",),
    ),
    "extend": (
        (
            "Extend",
            "Extend Image",
            "Let the image grow: what is new continues what is there. The result is a new image",
        ),
        (*typed_values.SIDES, "start"),
    ),
    "compare": (
        (
            "Compare",
            "Compare Variants",
            "The region by several checkpoints, strengths, seeds or LoRAs, side by side: a new image",
        ),
        _LISTS,
    ),
}


class ParameterOperator(JobOperator):
    """An operator with a property for each of its parameters."""

    names: tuple[str, ...] = ()  # of the parameters

    further: bpy.props.StringProperty(
        name="Further Parameters",
        description="Whatever else the operation knows, as a JSON object",
        options=ONCE,
    )

    def parameters(self) -> protocol.JsonObject:
        """Return what was said. Raises InputError where a text cannot be read."""
        told = {name: getattr(self, name) for name in self.names if self.properties.is_property_set(name)}
        lists = {axis.name: told.pop(parameters.list_of(axis), "") for axis in comparison_lists.AXES}
        schema = parameters.schema_of(self.operation, "variants")
        return {**typed_values.parameters_of(told, lists, schema), **typed_values.further(self.further)}

    def check(self, told: protocol.JsonObject) -> None:
        """Raise InputError where there is nothing to extend, or to compare."""
        if self.operation == offered_operations.EXTEND and "extend" not in told:
            typed_values.growth({})
        if self.operation == "compare" and "variants" not in told:
            comparison_lists.variants_of({})


class RunOperationOperator(ParameterOperator, bpy.types.Operator):
    """Run any operation that the server has, with its parameters as a JSON object."""

    bl_idname = "foveate.run_operation"
    bl_label = "Run Operation"
    bl_description = "Run any operation that the server has, with its parameters as a JSON object"

    operation: bpy.props.StringProperty(name="Operation", description="Its name, as the server has it", options=ONCE)


def _property(name: str) -> Any:
    """Return an operator's property; the limits are the server's."""
    title = name.replace("_", " ").capitalize()
    if name in _WHOLE:
        return bpy.props.IntProperty(name=title, options=ONCE)
    return (bpy.props.FloatProperty if name in _FRACTIONS else bpy.props.StringProperty)(name=title, options=ONCE)


def _operator(operation: str) -> type:
    """Return the class of one of our operations."""
    (title, label, description), further = _OURS[operation]
    names = (*_ALL, *further)
    return type(
        f"{title}Operator",
        (ParameterOperator, bpy.types.Operator),
        {
            "__doc__": description,
            "__annotations__": {name: _property(name) for name in names},
            "bl_idname": f"foveate.{operation}",
            "bl_label": label,
            "bl_description": description,
            "operation": operation,
            "names": names,
        },
    )


CLASSES = (*map(_operator, _OURS), RunOperationOperator)
LABELS = {operation: label for operation, ((_, label, _), _) in _OURS.items()}
