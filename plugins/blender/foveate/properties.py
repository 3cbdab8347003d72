"""What Blender keeps for us: the region of an image, the panel's choices, the scene's wish for its renders."""

from typing import Any

import bpy

from . import choose_region, controller, parameters
from ._shared import kept_parameters, operation_form

ONCE = {"SKIP_SAVE"}  # of operators: not remembered for the next call, the panel does that
_PANEL = "panel"  # where its own choices are kept in the settings


def replace_users(**how: Any) -> Any:
    """Return the property that says where a result is shown; `how` it is kept."""
    return bpy.props.BoolProperty(
        name="Replace Everywhere",
        description="Materials, brushes and editors use the result instead of the old image",
        **how,
    )


def variations(**how: Any) -> Any:
    """Return the property that says how many results are made; `how` it is kept, and within which limits."""
    return bpy.props.IntProperty(
        name="Variations",
        description="How many pictures are made, each with a seed of its own. They wait for you to choose.",
        **how,
    )


def model_source(**how: Any) -> Any:
    """Return the property that names a model to be added; `how` it is kept."""
    return bpy.props.StringProperty(
        name="Model", description="A file, a folder, a name on the model hub such as org/name, or an address", **how
    )


def _kept(name: str, value: Any) -> dict[str, Any]:
    """Return the accessors of a property that lives in the settings."""
    return {
        "get": lambda _: type(value)(controller.get().used(_PANEL).get(name, value)),
        "set": lambda _, new: controller.get().keep(_PANEL, name, new),
    }


def _operations(_self: Any = None, _context: Any = None) -> controller.Choices:
    rt = controller.get()
    words = {name: rt.words_of(name) for name in kept_parameters.offered(rt)}
    return rt.choices(tuple((name, each.title, each.tip) for name, each in words.items()))


def _regions(_self: Any = None, _context: Any = None) -> controller.Choices:
    return controller.get().choices(choose_region.KINDS)


def _kept_choice(name: str, items: Any) -> dict[str, Any]:
    """Return the items and accessors of a choice, which Blender numbers; `items` makes them, in our language."""

    def get(_: Any) -> int:
        kept = controller.get().used(_PANEL).get(name)
        return next((number for number, (identifier, *_) in enumerate(items()) if identifier == kept), 0)

    return {"items": items, "get": get, "set": lambda _, new: controller.get().keep(_PANEL, name, items()[new][0])}


class FoveateImage(bpy.types.PropertyGroup):
    """Of an image."""

    rect: bpy.props.IntVectorProperty(
        name="Region", description="x, y, width and height in pixels, from the top left corner", size=4, min=0
    )
    origin: bpy.props.StringProperty(name="Origin", description="Of a result: the name of the image that came first")
    step: bpy.props.IntProperty(name="Step", description="Of a result: how many there are since the origin", min=0)
    made_as: bpy.props.StringProperty(name="Made as", description="Of a result: the name that it was given")


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
    """Of the panel. Its parameters are added by parameters.define."""

    operation: bpy.props.EnumProperty(name="Operation", **_kept_choice("operation", _operations))
    region: bpy.props.EnumProperty(name="Region", **_kept_choice("region", _regions))
    mask: bpy.props.StringProperty(name="Mask", description="The mask that is the region")
    replace_users: replace_users(**_kept("replace_users", False))
    only: bpy.props.StringProperty(
        name="Only", description="Numbers of faces, from left to right, such as 1, 3. Empty: all"
    )
    variations: variations(min=1, max=operation_form.MAX_VARIATIONS, **_kept("variations", 1))
    draw_seed: bpy.props.BoolProperty(
        name="New each time",
        description="Each job gives another picture. The seed that was drawn stands beside its result",
        **_kept("draw_seed", True),
    )
    model_source: model_source(subtype="FILE_PATH")


CLASSES = (FoveateImage, FoveateScene, FoveatePanel)


def attach() -> None:
    """Give images, scenes and the window manager their groups."""
    bpy.types.Image.foveate = bpy.props.PointerProperty(type=FoveateImage)
    bpy.types.Scene.foveate = bpy.props.PointerProperty(type=FoveateScene)
    bpy.types.WindowManager.foveate = bpy.props.PointerProperty(type=FoveatePanel)
    follow_server()


def follow_server() -> None:
    """Give the panel the parameters of the server's operations."""
    parameters.define(FoveatePanel)
    controller.get().on_operations = follow_server


def detach() -> None:
    """Take them back."""
    del bpy.types.Image.foveate, bpy.types.Scene.foveate, bpy.types.WindowManager.foveate
