"""Drag a rectangle in the image editor: Blender has no selection of pixels, so this is ours."""

from typing import Any

import bpy
import gpu
from gpu_extras.batch import batch_for_shader

from . import controller
from ._shared import selected_region
from .act_operator import UNDOABLE, act_operator, is_possible
from .show_result import main_region, redraw_editors
from .shown_extent import extent_of

_COLOR = (1.0, 0.6, 0.1, 1.0)
_handles: list[Any] = []  # of the drawing that shows rectangles; Blender wants it back at the end


class SelectRegionOperator(bpy.types.Operator):
    """Drag a rectangle that the next job works on. A click or Esc leaves it as it was."""

    bl_idname = "foveate.select_region"
    bl_label = "Select Region"
    bl_description = "Drag a rectangle that the next job works on. A click or Esc leaves it as it was"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012 - Blender reads it

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """It needs an image editor with an image."""
        space, say = context.space_data, controller.get().say
        if space is None or space.type != "IMAGE_EDITOR":
            return is_possible(cls, say("This works in an image editor"))
        return is_possible(cls, "" if space.image else say("Open an image in this editor first"))

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Wait for the drag in the editor's main region, wherever the button was."""
        self._image = context.space_data.image
        self._before = tuple(self._image.foveate.rect)
        self._start: tuple[float, float] | None = None
        self._region = main_region(context.area)
        self._beside = [region for region in context.area.regions if region.type != "WINDOW"]
        self._extent = extent_of(self._image)
        context.window.cursor_modal_set("CROSSHAIR")
        context.workspace.status_text_set(controller.get().say("Drag a rectangle. Click or Esc: as before"))
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Follow the mouse."""
        if event.type in {"ESC", "RIGHTMOUSE"} and event.value == "PRESS":
            self._image.foveate.rect = self._before
            return self._leave(context, "CANCELLED")
        if event.type in {"MIDDLEMOUSE", "WHEELUPMOUSE", "WHEELDOWNMOUSE"}:
            return {"PASS_THROUGH"}
        if event.type == "LEFTMOUSE" and event.value == "PRESS":
            if not self._is_over_image(event):
                self._leave(context, "CANCELLED")
                return {"CANCELLED", "PASS_THROUGH"}
            self._start = self._at(event)
        elif self._start is not None and event.type in {"MOUSEMOVE", "LEFTMOUSE"}:
            self._follow(event)
            if event.type == "LEFTMOUSE" and event.value == "RELEASE":
                is_changed = tuple(self._image.foveate.rect) != self._before
                return self._leave(context, "FINISHED" if is_changed else "CANCELLED")
        return {"RUNNING_MODAL"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Clean up where Blender ends the operator."""
        self._leave(context, "CANCELLED")

    def _is_over_image(self, event: bpy.types.Event) -> bool:
        """Tell whether the mouse is in the main region, which others, such as the sidebar, may lie upon."""
        return _holds(self._region, event) and not any(_holds(region, event) for region in self._beside)

    def _at(self, event: bpy.types.Event) -> tuple[float, float]:
        """Return where the mouse is, as fractions of the image; y runs up."""
        x, y = event.mouse_x - self._region.x, event.mouse_y - self._region.y
        return self._region.view2d.region_to_view(x, y)

    def _follow(self, event: bpy.types.Event) -> None:
        dragged = selected_region.dragged_rectangle(self._start, self._at(event), self._extent)
        self._image.foveate.rect = dragged if any(dragged) else self._before  # that was a click
        redraw_editors()

    def _leave(self, context: bpy.types.Context, ending: str) -> set[str]:
        context.window.cursor_modal_restore()
        context.workspace.status_text_set(None)
        redraw_editors()
        return {ending}


def _holds(region: bpy.types.Region, event: bpy.types.Event) -> bool:
    x, y = event.mouse_x - region.x, event.mouse_y - region.y
    return 0 <= x < region.width and 0 <= y < region.height


def _why_not_clear() -> str:
    image = getattr(bpy.context.space_data, "image", None)
    has_none = image is None or image.foveate.rect[2] == 0
    return controller.get().say("No rectangle is selected") if has_none else ""


@act_operator("clear_region", "Clear Region", reason=_why_not_clear, options=UNDOABLE)
def _clear_region(_self: Any, context: bpy.types.Context) -> None:
    """Take the rectangle away."""
    context.space_data.image.foveate.rect = (0, 0, 0, 0)
    redraw_editors()


def start_drawing() -> None:
    """Show rectangles in image editors from now on."""
    if not bpy.app.background:
        _handles.append(bpy.types.SpaceImageEditor.draw_handler_add(_draw, (), "WINDOW", "POST_PIXEL"))


def stop_drawing() -> None:
    """Do not any more."""
    while _handles:
        bpy.types.SpaceImageEditor.draw_handler_remove(_handles.pop(), "WINDOW")


def _draw() -> None:
    space, view = bpy.context.space_data, bpy.context.region.view2d
    image = space.image
    if image is None or image.foveate.rect[2] == 0 or space.ui_mode == "UV":
        return
    extent = extent_of(image)
    if extent.is_empty:
        return
    x, y, width, height = image.foveate.rect
    across, down = extent.width, extent.height
    corners = ((x, y), (x + width, y), (x + width, y + height), (x, y + height))
    points = [view.view_to_region(px / across, 1 - py / down, clip=False) for px, py in corners]
    shader = gpu.shader.from_builtin("UNIFORM_COLOR")
    shader.uniform_float("color", _COLOR)
    batch_for_shader(shader, "LINE_LOOP", {"pos": [(*point, 0) for point in points]}).draw(shader)


CLASSES = (SelectRegionOperator, _clear_region)
