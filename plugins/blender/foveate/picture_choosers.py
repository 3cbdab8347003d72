"""Images to choose for an operation that takes pictures beside the one that it works on: a menu for each."""

from __future__ import annotations

from typing import Any

import bpy

from . import buffers, choice_menu, controller, offered_images
from ._shared import offered_operations, picture_choosers
from .act_operator import INTERNAL, act_operator
from .panel_base import draw_lines, titled_row
from .shown_extent import extent_of

_NONE = "NONE"  # identifies the empty choice: Blender wants a name for it


def scene_of(operation: str, image: bpy.types.Image | None, wanted: str = "") -> picture_choosers.PictureScene:
    """Return what can be chosen for an operation on an image; for `wanted` see offered."""
    rt = controller.get()
    if not rt.slots(operation):
        return picture_choosers.PictureScene()
    if image is None or not rt.takes_document(operation):
        return picture_choosers.PictureScene(offered_images.offered(None, wanted))
    document = str(buffers.reference(image))
    return picture_choosers.PictureScene(offered_images.offered(image, wanted), extent_of(image), document)


def draw(layout: Any, context: bpy.types.Context, operation: str) -> str:
    """Draw the choosers of an operation; return why it cannot be started yet, which is drawn as well."""
    rt, name = controller.get(), offered_operations.served_by(operation)
    scene = scene_of(name, context.space_data.image)
    for chooser in rt.beside.choosers(name, scene):
        number = str(chooser.position + 1)  # all that there is room for
        row = titled_row(layout, number if chooser.position else chooser.title)
        told = {"operation": name, "slot": chooser.slot, "position": chooser.position}
        choice_menu.draw(row, "foveate.choose_picture", "picture", told, text=chooser.shown, icon="IMAGE_DATA")
    missing = rt.beside.missing(name, scene)
    if missing:
        draw_lines(layout, context, missing, "INFO")
    return missing


def _scene(said: Any, context: bpy.types.Context | None, wanted: str = "") -> picture_choosers.PictureScene:
    return scene_of(said.operation, getattr(context.space_data, "image", None) if context else None, wanted)


def _chooser(said: Any, scene: picture_choosers.PictureScene) -> picture_choosers.PictureChooser | None:
    """Return the chooser that an operator's properties name."""
    found = controller.get().beside.choosers(said.operation, scene)
    return next((each for each in found if (each.slot, each.position) == (said.slot, said.position)), None)


def _listed(said: Any, context: bpy.types.Context | None) -> controller.Choices:
    """Return what can be chosen, as Blender wants it."""
    said = choice_menu.told(said, context, "slot")
    chooser = _chooser(said, _scene(said, context))
    options = chooser.options if chooser else ()
    return controller.get().kept(tuple((option.key or _NONE, option.title, option.reason) for option in options))


@act_operator(
    "choose_picture",
    "Choose a picture",
    options=INTERNAL,
    operation=bpy.props.StringProperty(options={"SKIP_SAVE"}),
    slot=bpy.props.StringProperty(options={"SKIP_SAVE"}),
    position=bpy.props.IntProperty(options={"SKIP_SAVE"}),
    picture=bpy.props.EnumProperty(name="Picture", items=_listed, options={"SKIP_SAVE"}),
)
def _choose_picture(self: Any, context: bpy.types.Context) -> bool:
    """Choose an image that goes beside the one that is worked on."""
    rt, key = controller.get(), "" if self.picture == _NONE else self.picture
    scene = _scene(self, context, key)
    chooser = _chooser(self, scene)
    reason = next((option.reason for option in chooser.options if option.key == key), "") if chooser else ""
    if reason:
        self.report({"WARNING"}, reason)
    if chooser is None or reason:
        return False
    rt.beside.choose(self.operation, scene, chooser, key)
    rt.announce()
    return True


CLASSES = (_choose_picture,)
