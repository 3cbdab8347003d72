"""The sidebar of the image editor, and its menu."""

from typing import Any

import bpy

from . import choose_region, connection_box, controller, picture_choosers
from ._shared import errors, kept_names, kept_parameters, offered_operations
from .job_box import draw_jobs
from .operators import LABELS
from .panel_base import Part, Sidebar, draw_error, draw_lines
from .parameter_panel import draw_basic

_REGION = {"select_region": "Select Region", "clear_region": "Clear Region"}
_JOBS = {"cancel": "Cancel", "apply_result": "Apply Result"}
_ACROSS = 3  # operations side by side


class FoveateMainPanel(Sidebar, bpy.types.Panel):
    """Connection, region, operation and jobs that run."""

    bl_idname = "FOVEATE_PT_main"
    bl_label = "Foveate"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw it; the first time, the connection begins."""
        layout, rt = self.layout, controller.get()
        rt.wake()
        connection_box.draw(layout, context)
        has_region = _draw_region(layout, context)
        _draw_operation(layout, context, has_region=has_region)
        draw_jobs(layout, context, running=True)


class FoveateResultsPanel(Part, bpy.types.Panel):
    """What has ended, newest first."""

    bl_idname = "FOVEATE_PT_results"
    bl_order = 1
    title = "Results"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """There must be some."""
        return any(not entry.is_running for entry in controller.get().entries)

    def draw(self, context: bpy.types.Context) -> None:
        """Draw a box for each."""
        draw_jobs(self.layout, context, running=False)


class FoveateRenderPanel(Part, bpy.types.Panel):
    """Whether renders are refocused when they are finished."""

    bl_idname = "FOVEATE_PT_render"
    bl_order = 2
    title = "Finished Renders"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012 - Blender reads it

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the switch and the region."""
        scene = context.scene
        say = controller.get().say
        self.layout.prop(scene.foveate, "refocus_renders", text=say("Refocus Finished Renders"))
        column = self.layout.column()
        column.active = scene.foveate.refocus_renders
        if scene.render.use_border and not scene.render.use_crop_to_border:
            column.label(text=say("The render border is the region"), icon="INFO")
        else:
            column.prop(scene.foveate, "render_box", text=say("Region"))


class FoveateMenu(bpy.types.Menu):
    """In the image editor's Image menu."""

    bl_idname = "FOVEATE_MT_image"
    bl_label = "Foveate"

    def draw(self, _context: bpy.types.Context) -> None:
        """Draw the entries."""
        say = controller.get().say
        ours = {name: LABELS[name] for name in kept_parameters.offered(controller.get()) if name in LABELS}
        self.layout.operator_context = "INVOKE_DEFAULT"
        for group in (_REGION, ours, _JOBS):
            for name, label in group.items():
                self.layout.operator(f"foveate.{name}", text=say(label))
            self.layout.separator()


def draw_in_image_menu(menu: bpy.types.Menu, _context: bpy.types.Context) -> None:
    """Add our menu to Image."""
    menu.layout.separator()
    menu.layout.menu(FoveateMenu.bl_idname)


def _draw_region(layout: Any, context: bpy.types.Context) -> bool:
    """Draw what will be worked on; return whether there is such a region."""
    panel, image = context.window_manager.foveate, context.space_data.image
    row = layout.row(align=True)
    row.operator("foveate.select_region", text=controller.get().say("Select Region"), icon="SELECT_SET")
    row.operator("foveate.clear_region", text="", icon="X")
    layout.prop(panel, "region", text="")
    if panel.region == "MASK":
        layout.prop_search(panel, "mask", bpy.data, "masks", text="")
    if image is None:
        return True
    try:
        chosen = choose_region.choose(context, image, panel.region, mask=panel.mask if panel.region == "MASK" else "")
    except errors.FoveateError as error:
        draw_error(layout, context, error.info)
        return False
    layout.label(text=chosen.label, icon="RESTRICT_SELECT_OFF")
    return True


def _draw_operation(layout: Any, context: bpy.types.Context, *, has_region: bool) -> None:
    rt, panel, say = controller.get(), context.window_manager.foveate, controller.get().say
    choices = layout.column(align=True)
    names = kept_parameters.offered(rt)
    if not names:  # and Blender would complain about the choice
        return
    for start in range(0, len(names), _ACROSS):
        row = choices.row(align=True)
        for operation in names[start : start + _ACROSS]:
            row.prop_enum(panel, "operation", operation, text=say(rt.words_of(operation).title))
    shown = kept_parameters.form_of(rt, panel.operation)
    if shown is None:
        return
    missing = picture_choosers.draw(layout, context, panel.operation)
    draw_basic(layout, panel, shown)
    if problem := kept_names.problem(rt, panel.operation):
        draw_lines(layout, context, problem, "INFO")
    if shown.get("variants") is None:
        layout.prop(panel, "replace_users", text=say("Replace Everywhere"))
    button = layout.row()
    button.scale_y = 1.5
    is_whole = panel.operation == offered_operations.EXTEND or not rt.takes_document(panel.operation)
    button.enabled = not (missing or problem) and (has_region or is_whole)
    button.operator_context = "INVOKE_DEFAULT"
    if panel.operation in LABELS:
        button.operator(f"foveate.{panel.operation}", text=say(LABELS[panel.operation]), icon="PLAY")
    else:
        words = rt.words_of(panel.operation)
        button.operator("foveate.run_operation", text=say(words.title), icon="PLAY").operation = panel.operation
    if context.space_data.image is None and rt.takes_document(panel.operation):
        layout.label(text=say("Open an image in this editor first"), icon="INFO")


CLASSES = (FoveateMainPanel, FoveateResultsPanel, FoveateRenderPanel, FoveateMenu)
