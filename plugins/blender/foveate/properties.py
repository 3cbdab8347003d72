"""What Blender keeps for us: the region of an image, the panel's choices, the scene's wish for its renders.

The panel's parameters are views on the settings file, so that they outlast the session and need no second place.
"""

from typing import Any

import bpy

from . import choose_region, controller
from ._shared import checkpoint_choices
from .checkpoint_values import FoveateCheckpoint

OPERATIONS = (
    ("refocus", "Refocus", "Bring a blurred or noisy region into focus"),
    ("faces", "Faces", "Find the faces in the region, and refocus each"),
    ("upscale", "Upscale", "Enlarge the region as a new image, or give it more detail in place"),
    ("fill", "Fill", "New content in the region, by a prompt or from its surroundings"),
    ("extend", "Extend", "A larger image, whose new edges continue the old one"),
    ("compare", "Compare", "The region by several checkpoints, strengths, seeds or LoRAs, side by side"),
)
NEED_CHECKPOINT = ("fill", "extend", "compare")
_MODELS = ("refocus", "faces", "upscale", "fill", "compare")  # what a model is chosen for
SCALES = (("2", "2x", "Twice as wide and high"), ("3", "3x", "Three times"), ("4", "4x", "Four times"))
TARGETS = (
    ("new", "New Image", "The region, enlarged, becomes an image of its own"),
    ("document", "In Place", "The image keeps its size, and gets the detail of a larger rendering"),
)


def _kept(operation: str, name: str, value: Any) -> dict[str, Any]:
    """Return the accessors of a property that lives in the settings."""
    return {
        "get": lambda _: controller.get().default(operation, name, value),
        "set": lambda _, new: controller.get().set_default(operation, name, new),
    }


def _kept_choice(operation: str, name: str, items: tuple[tuple[str, str, str], ...], value: str) -> dict[str, Any]:
    """Return the same for a choice, which Blender numbers."""
    names = [item[0] for item in items]

    def get(_: Any) -> int:
        kept = controller.get().default(operation, name, value)
        return names.index(kept if kept in names else value)

    return {"get": get, "set": lambda _, new: controller.get().set_default(operation, name, names[new])}


def _get_operation(_: Any) -> int:
    """Return the number of the operation as last used; without a checkpoint, of one that needs none."""
    kept = controller.get().default("panel", "operation", "refocus")
    names = [name for name, _, _ in OPERATIONS]
    offered = kept in names and (
        kept not in NEED_CHECKPOINT or checkpoint_choices.has_checkpoint(controller.get().models)
    )
    return names.index(kept) if offered else 0


def _said(items: controller.Choices) -> Any:
    """Return the callback that gives a choice's items in our language, which may be another one than Blender's."""
    return lambda _self, _context: controller.get().choices(items)


def search_models(operation: str) -> Any:
    """Return the callback that offers the server's models while one types."""
    return lambda _self, _context, _text: [
        model.name for model in checkpoint_choices.models_for(controller.get().models, operation)
    ]


class FoveateImage(bpy.types.PropertyGroup):
    """Of an image."""

    rect: bpy.props.IntVectorProperty(
        name="Region", description="x, y, width and height in pixels, from the top left corner", size=4, min=0
    )


class FoveateScene(bpy.types.PropertyGroup):
    """Of a scene."""

    refocus_renders: bpy.props.BoolProperty(
        name="Refocus Finished Renders", description="Refocus a region of each render when it is finished"
    )
    render_box: bpy.props.FloatVectorProperty(
        name="Region",
        description="Left, bottom, right and top, as parts of the render. A render border comes first",
        size=4,
        min=0,
        max=1,
        default=(0, 0, 1, 1),
    )


class FoveatePanel(bpy.types.PropertyGroup):
    """Of the panel: parameters as last used."""

    operation: bpy.props.EnumProperty(
        name="Operation",
        items=_said(OPERATIONS),
        get=_get_operation,
        set=lambda _, new: controller.get().set_default("panel", "operation", OPERATIONS[new][0]),
    )
    region: bpy.props.EnumProperty(
        name="Region", items=_said(choose_region.KINDS), **_kept_choice("panel", "region", choose_region.KINDS, "AUTO")
    )
    mask: bpy.props.StringProperty(name="Mask", description="The mask that is the region")
    replace_users: bpy.props.BoolProperty(
        name="Replace Everywhere",
        description="Materials, brushes and editors use the result instead of the old image",
        **_kept("panel", "replace_users", False),
    )
    refocus_strength: bpy.props.FloatProperty(
        name="Strength", subtype="FACTOR", min=0, max=1, **_kept("refocus", "strength", 1.0)
    )
    faces_strength: bpy.props.FloatProperty(
        name="Strength", subtype="FACTOR", min=0, max=1, **_kept("faces", "strength", 1.0)
    )
    faces_only: bpy.props.StringProperty(
        name="Only", description="Numbers of faces, from left to right, such as 1, 3. Empty: all"
    )
    faces_min_score: bpy.props.FloatProperty(
        name="Certainty",
        description="How certain it must be that something is a face. Lower finds more, also what is none",
        subtype="FACTOR",
        min=0.2,
        max=1,
        **_kept("faces", "min_score", 0.5),
    )
    upscale_scale: bpy.props.EnumProperty(
        name="Scale", items=_said(SCALES), **_kept_choice("upscale", "scale", SCALES, "4")
    )
    upscale_target: bpy.props.EnumProperty(
        name="Target", items=_said(TARGETS), **_kept_choice("upscale", "target", TARGETS, "new")
    )
    checkpoint: bpy.props.PointerProperty(type=FoveateCheckpoint)
    model_source: bpy.props.StringProperty(
        name="Model",
        description="A file, a folder, a name on the model hub such as org/name, or an address",
        subtype="FILE_PATH",
    )


for _operation in _MODELS:
    FoveatePanel.__annotations__[f"{_operation}_model"] = bpy.props.StringProperty(
        name="Model",
        description="Empty: the server chooses",
        search=search_models(_operation),
        **_kept(_operation, "model", ""),
    )

CLASSES = (FoveateImage, FoveateScene, FoveatePanel)


def attach() -> None:
    """Give images, scenes and the window manager their groups."""
    bpy.types.Image.foveate = bpy.props.PointerProperty(type=FoveateImage)
    bpy.types.Scene.foveate = bpy.props.PointerProperty(type=FoveateScene)
    bpy.types.WindowManager.foveate = bpy.props.PointerProperty(type=FoveatePanel)


def detach() -> None:
    """Take them back."""
    del bpy.types.Image.foveate, bpy.types.Scene.foveate, bpy.types.WindowManager.foveate
