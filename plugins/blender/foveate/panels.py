"""The sidebar of the image editor, and its menu."""

import textwrap
from typing import Any

import bpy

from . import choosing, runtime
from ._shared import client, errors, job_status, rerender, workbench
from .jobs import TITLES

_STATES = {
    client.ConnectionState.SEARCHING: ("Searching for the server", "VIEWZOOM"),
    client.ConnectionState.CONNECTING: ("Connecting", "URL"),
    client.ConnectionState.READY: ("Ready", "CHECKMARK"),
    client.ConnectionState.LOST: ("No server", "ERROR"),
    client.ConnectionState.REFUSED: ("The server refuses", "CANCEL"),
    client.ConnectionState.CLOSED: ("Closed", "X"),
}
_KINDS = {"MASK": "Mask {name}", "BORDER": "Render border", "ALL": "Whole image, as nothing is selected"}
_OPERATIONS = {"refocus": "Refocus Region", "faces": "Refocus Faces", "upscale": "Upscale Region"}
_MENU = (
    {"select_region": "Select Region", "clear_region": "Clear Region"},
    _OPERATIONS,
    {"cancel": "Cancel", "apply_result": "Apply Result"},
)
_LABELS = {
    "strength": "Strength",
    "only": "Only",
    "min_score": "Certainty",
    "model": "Model",
    "scale": "Scale",
    "target": "Target",
}
_HINTS = {"only": "All", "model": "The server's choice"}
_LETTER = 7.5  # pixels that a letter takes, about


class _Sidebar:
    bl_space_type = "IMAGE_EDITOR"
    bl_region_type = "UI"
    bl_category = "Foveate"


class FoveateMainPanel(_Sidebar, bpy.types.Panel):
    """Connection, region, operation and jobs that run."""

    bl_idname = "FOVEATE_PT_main"
    bl_label = "Foveate"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw it; the first time, the connection begins."""
        layout, rt = self.layout, runtime.get()
        rt.wake()
        _draw_connection(layout, context)
        _draw_region(layout, context)
        _draw_operation(layout, context)
        for entry in rt.entries:
            if entry.is_running:
                _draw_running(layout, context, entry)


class _Part(_Sidebar):
    """A part of the panel. Its title is drawn, for `bl_label` follows Blender's language and not ours."""

    bl_label = ""
    bl_parent_id = "FOVEATE_PT_main"
    title = ""

    def draw_header(self, _context: bpy.types.Context) -> None:
        """Draw the title."""
        self.layout.label(text=runtime.get().texts(self.title), translate=False)


class FoveateResultsPanel(_Part, bpy.types.Panel):
    """What has ended, newest first."""

    bl_idname = "FOVEATE_PT_results"
    title = "Results"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """There must be some."""
        return any(not entry.is_running for entry in runtime.get().entries)

    def draw(self, context: bpy.types.Context) -> None:
        """Draw a box for each."""
        for entry in runtime.get().entries:
            if not entry.is_running:
                _draw_ended(self.layout.box(), context, entry)


class FoveateRenderPanel(_Part, bpy.types.Panel):
    """Whether renders are refocused when they are finished."""

    bl_idname = "FOVEATE_PT_render"
    title = "Finished Renders"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012 - Blender reads it

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the switch and the region."""
        scene = context.scene
        say = runtime.get().texts
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
        say = runtime.get().texts
        self.layout.operator_context = "INVOKE_DEFAULT"
        for group in _MENU:
            for name, label in group.items():
                self.layout.operator(f"foveate.{name}", text=say(label))
            self.layout.separator()


def draw_in_image_menu(menu: bpy.types.Menu, _context: bpy.types.Context) -> None:
    """Add our menu to Image."""
    menu.layout.separator()
    menu.layout.menu(FoveateMenu.bl_idname)


def _draw_connection(layout: Any, context: bpy.types.Context) -> None:
    rt = runtime.get()
    text, icon = _STATES[rt.connection.state]
    row = layout.row()
    row.label(text=", ".join(filter(None, (rt.texts(text), rt.connection.server))), icon=icon)
    row.operator("foveate.reconnect", text="", icon="FILE_REFRESH")
    if error := rt.connection.error:
        _draw_error(layout, context, error)
        if error.code is errors.ErrorCode.NO_SERVER:
            layout.operator("foveate.copy_command", text=rt.texts("Copy Server Command"), icon="COPYDOWN")


def _draw_region(layout: Any, context: bpy.types.Context) -> None:
    panel, image = context.window_manager.foveate, context.space_data.image
    row = layout.row(align=True)
    row.operator("foveate.select_region", text=runtime.get().texts("Select Region"), icon="SELECT_SET")
    row.operator("foveate.clear_region", text="", icon="X")
    layout.prop(panel, "region", text="")
    if panel.region == "MASK":
        layout.prop_search(panel, "mask", bpy.data, "masks", text="")
    if image is None:
        return
    try:
        chosen = choosing.choose(context, image, panel.region, mask=panel.mask if panel.region == "MASK" else "")
    except errors.FoveateError as error:
        _draw_error(layout, context, error.info)
        return
    layout.label(text=_region_text(chosen), icon="RESTRICT_SELECT_OFF")


def _region_text(chosen: choosing.Chosen) -> str:
    text = runtime.get().texts
    if chosen.rect:
        x, y, width, height = chosen.rect
        return text("{width} x {height} pixels at {x}, {y}", width=width, height=height, x=x, y=y)
    return text(_KINDS[chosen.kind], name=chosen.mask) if chosen.mask else text(_KINDS[chosen.kind])


def _draw_operation(layout: Any, context: bpy.types.Context) -> None:
    panel, say = context.window_manager.foveate, runtime.get().texts
    row = layout.row(align=True)
    for operation, title in TITLES.items():
        row.prop_enum(panel, "operation", operation, text=say(title))
    column = layout.column()
    column.use_property_split = True
    column.use_property_decorate = False
    names = {"refocus": ("strength", "model"), "faces": ("strength", "only", "min_score", "model")}
    for name in names.get(panel.operation, ("scale", "target", "model")):
        hint = {"placeholder": say(_HINTS[name])} if name in _HINTS else {}
        column.prop(panel, f"{panel.operation}_{name}", text=say(_LABELS[name]), **hint)
    column.prop(panel, "replace_users", text=say("Replace Everywhere"))
    button = layout.row()
    button.scale_y = 1.5
    button.operator_context = "INVOKE_DEFAULT"
    button.operator(f"foveate.{panel.operation}", text=say(_OPERATIONS[panel.operation]), icon="PLAY")
    if context.space_data.image is None:
        layout.label(text=say("Open an image in this editor first"), icon="INFO")


def _draw_running(layout: Any, context: bpy.types.Context, entry: workbench.Entry) -> None:
    box, status = layout.box(), entry.flow.status
    box.label(text=_title(entry), translate=False)
    row = box.row(align=True)
    row.progress(factor=status.fraction, type="BAR", text=job_status.describe(status, runtime.get().texts))
    row.operator("foveate.cancel", text="", icon="X").job = entry.flow.job
    if status.summary:
        _draw_lines(box, context, status.summary, "NONE")
    _draw_preview(box, entry)


def _draw_ended(box: Any, context: bpy.types.Context, entry: workbench.Entry) -> None:
    rt, status, job = runtime.get(), entry.flow.status, entry.flow.job
    row = box.row(align=True)
    row.label(text=_title(entry), icon=_ending_icon(status), translate=False)
    row.operator("foveate.again", text="", icon="FILE_REFRESH").job = job
    if entry.flow.result is not None:
        row.operator("foveate.copy_recipe", text="", icon="COPYDOWN").job = job
    row.operator("foveate.discard", text="", icon="TRASH").job = job
    if status.error and status.error.code is not errors.ErrorCode.CANCELLED:
        _draw_error(box, context, status.error)
    for note in status.notes:
        if status.error and note == str(status.error):
            continue  # it is said already
        _draw_lines(box, context, rt.texts.sentence(note), "INFO")
    if entry.waits_for_person:
        _draw_preview(box, entry)
        text = "Apply All the Same" if status.error else "Apply Result"
        box.operator("foveate.apply_result", text=rt.texts(text), icon="CHECKMARK").job = job
    elif job in rt.hosts and rt.hosts[job].made:
        box.operator("foveate.show_result", text=rt.hosts[job].made, icon="IMAGE_DATA", translate=False).job = job


def _title(entry: workbench.Entry) -> str:
    """Return what a job is called, in the person's language."""
    rt = runtime.get()
    task = rt.tasks.get(entry.flow.job)
    return f"{rt.texts(TITLES[entry.operation])}: {task.image_name}" if task else entry.title


def _draw_preview(box: Any, entry: workbench.Entry) -> None:
    rt = runtime.get()
    if icon := rt.previews.icon(entry, rt.hosts.get(entry.flow.job)):
        box.label(text=rt.texts("Preview, not applied"), icon="HIDE_OFF")
        box.template_icon(icon_value=icon, scale=8)


def _ending_icon(status: rerender.Status) -> str:
    if status.error is None:
        return {rerender.State.DONE: "CHECKMARK", rerender.State.UNAPPLIED: "QUESTION"}.get(status.state, "X")
    return "X" if status.error.code is errors.ErrorCode.CANCELLED else "ERROR"


def _draw_error(layout: Any, context: bpy.types.Context, error: errors.ErrorInfo) -> None:
    say = runtime.get().texts.sentence
    column = layout.column(align=True)
    column.alert = True
    _draw_lines(column, context, say(error.message), "ERROR")
    if error.remedy:
        _draw_lines(layout, context, say(error.remedy), "LIGHT")


def _draw_lines(layout: Any, context: bpy.types.Context, text: str, icon: str) -> None:
    """Draw a sentence, broken to the width of the sidebar."""
    letter = _LETTER * context.preferences.system.ui_scale
    width = max(20, int((context.region.width - 60) / letter))
    column = layout.column(align=True)
    for number, line in enumerate(textwrap.wrap(text, width)):
        column.label(text=line, icon="BLANK1" if number and icon != "NONE" else icon, translate=False)


CLASSES = (FoveateMainPanel, FoveateResultsPanel, FoveateRenderPanel, FoveateMenu)
