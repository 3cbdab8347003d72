"""The operations. From a script they block until the result is there; from a button they run beside your work.

Ours have properties for their parameters; `foveate.run_operation` takes those of any that the server has.
"""

from typing import Any

import bpy

from ._shared import comparison_lists, kept_parameters, typed_values
from .job_operator import JobOperator
from .properties import ONCE

_TEXTS = ("prompt", "negative_prompt", "preset", "scheduler", "vae", "model")
_WHOLE = ("seed", "num_inference_steps", *typed_values.SIDES)
_FRACTIONS = ("strength", "guidance_scale", "min_score")
_ALL = (*_TEXTS, "loras", "strength", "seed", "num_inference_steps", "guidance_scale")
_OURS = (  # operation, label and description
    ("refocus", "Refocus Region", "Bring the selected region of the image into focus. The result is a new image"),
    ("faces", "Refocus Faces", "Find the faces in the selected region and refocus each. The result is a new image"),
    ("upscale", "Upscale Region", "Enlarge the selected region as a new image, or give it more detail in place"),
    ("fill", "Fill Region", "Fill the selected region with new content. The result is a new image"),
    ("extend", "Extend Image", "Let the image grow: what is new continues what is there. The result is a new image"),
    (
        "compare",
        "Compare Variants",
        "The region by several checkpoints, strengths, seeds or LoRAs, side by side: a new image",
    ),
)
_FURTHER = {  # parameters
    "faces": ("only", "min_score"),
    "upscale": ("scale", "target"),
    "fill": ("start",),
    "extend": (*typed_values.SIDES, "start"),
    "compare": tuple(map(kept_parameters.list_of, comparison_lists.AXES)),
}
LABELS = {operation: label for operation, label, _ in _OURS}


class RunOperationOperator(JobOperator, bpy.types.Operator):
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


def _operator(operation: str, label: str, description: str) -> type:
    """Return the class of one of our operations."""
    names = (*_ALL, *_FURTHER.get(operation, ()))
    return type(
        f"{operation.title()}Operator",
        (JobOperator, bpy.types.Operator),
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


CLASSES = (*(_operator(*ours) for ours in _OURS), RunOperationOperator)
