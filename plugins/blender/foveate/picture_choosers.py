"""Images to choose for an operation that takes pictures beside the one that it works on: a menu for each."""

from __future__ import annotations

from typing import Any

import bpy

from . import buffers, controller
from ._shared import geometry, named_pictures, offered_operations, picture_choosers
from .panel_base import draw_lines

_NONE = "NONE"  # identifies the empty choice: Blender wants a name for it


def offered(image: bpy.types.Image | None) -> tuple[named_pictures.OfferedPicture, ...]:
    """Return the images of the file that have pixels, the one that is worked on apart."""
    return tuple(
        named_pictures.OfferedPicture(str(buffers.reference(each)), each.name, geometry.Extent(*each.size))
        for each in bpy.data.images
        if all(each.size) and each != image
    )


def scene_of(operation: str, image: bpy.types.Image | None) -> picture_choosers.PictureScene:
    """Return what can be chosen for an operation on an image."""
    rt = controller.get()
    if not rt.slots(operation):
        return picture_choosers.PictureScene()
    if image is None or not rt.takes_document(operation):
        return picture_choosers.PictureScene(offered(None))
    document = str(buffers.reference(image))
    return picture_choosers.PictureScene(offered(image), geometry.Extent(*image.size), document)


def draw(layout: Any, context: bpy.types.Context, operation: str) -> str:
    """Draw the choosers of an operation; return why it cannot be started yet, which is drawn as well."""
    rt, name = controller.get(), offered_operations.served_by(operation)
    scene = scene_of(name, context.space_data.image)
    for chooser in rt.beside.choosers(name, scene):
        row = layout.split(factor=0.4)
        title = row.row()
        title.alignment = "RIGHT"
        number = str(chooser.position + 1)  # all that there is room for
        title.label(text=number if chooser.position else chooser.title, translate=False)
        menu = row.operator_menu_enum(
            "foveate.choose_picture", "picture", text=chooser.shown, icon="IMAGE_DATA", translate=False
        )
        menu.operation, menu.slot, menu.position = name, chooser.slot, chooser.position
    missing = rt.beside.missing(name, scene)
    if missing:
        draw_lines(layout, context, missing, "INFO")
    return missing


def _image(context: bpy.types.Context | None) -> bpy.types.Image | None:
    return getattr(context.space_data, "image", None) if context else None


def _chooser(said: Any, context: bpy.types.Context | None) -> picture_choosers.PictureChooser | None:
    """Return the chooser that an operator's properties name."""
    found = controller.get().beside.choosers(said.operation, scene_of(said.operation, _image(context)))
    return next((each for each in found if (each.slot, each.position) == (said.slot, said.position)), None)


def _listed(said: Any, context: bpy.types.Context | None) -> controller.Choices:
    """Return what can be chosen, as Blender wants it."""
    chooser = _chooser(said, context)
    options = chooser.options if chooser else ()
    return controller.get().kept(tuple((option.key or _NONE, option.title, option.reason) for option in options))


class ChoosePictureOperator(bpy.types.Operator):
    """Choose an image that goes beside the one that is worked on."""

    bl_idname = "foveate.choose_picture"
    bl_label = "Choose a picture"
    bl_description = "Choose an image that goes beside the one that is worked on"
    bl_options = {"INTERNAL"}  # noqa: RUF012 - Blender reads it

    operation: bpy.props.StringProperty(options={"SKIP_SAVE"})
    slot: bpy.props.StringProperty(options={"SKIP_SAVE"})
    position: bpy.props.IntProperty(options={"SKIP_SAVE"})
    picture: bpy.props.EnumProperty(name="Picture", items=_listed, options={"SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Take it, or say why it cannot be."""
        chooser, key = _chooser(self, context), "" if self.picture == _NONE else self.picture
        if chooser is None:
            return {"CANCELLED"}
        reason = next(option.reason for option in chooser.options if option.key == key)
        if reason:
            self.report({"WARNING"}, reason)
            return {"CANCELLED"}
        rt = controller.get()
        rt.beside.choose(self.operation, scene_of(self.operation, _image(context)), chooser, key)
        rt.announce()
        return {"FINISHED"}


CLASSES = (ChoosePictureOperator,)
