"""The sidebar of the image editor, and its menu."""

from typing import Any

import bpy

from . import choose_region, controller
from ._shared import client, errors, job_flow, job_list, job_status
from .checkpoint_panel import draw_words
from .checkpoint_values import form_of
from .job_request import TITLES, served_by
from .panel_base import Part, Sidebar, draw_error, draw_lines
from .properties import NEED_CHECKPOINT
from .variations import draw_group

_STATES = {
    client.ConnectionState.SEARCHING: ("Searching for the server", "VIEWZOOM"),
    client.ConnectionState.CONNECTING: ("Connecting", "URL"),
    client.ConnectionState.READY: ("Ready", "CHECKMARK"),
    client.ConnectionState.LOST: ("No server", "ERROR"),
    client.ConnectionState.REFUSED: ("The server refuses", "CANCEL"),
    client.ConnectionState.CLOSED: ("Closed", "X"),
}
_KINDS = {"MASK": "Mask {name}", "BORDER": "Render border", "ALL": "Whole image, as nothing is selected"}
_OPERATIONS = {
    "refocus": "Refocus Region",
    "faces": "Refocus Faces",
    "upscale": "Upscale Region",
    "fill": "Fill Region",
    "extend": "Extend Image",
    "compare": "Compare Variants",
}
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
_FIELDS = {  # of the panel's group, by operation
    "refocus": ("strength", "model"),
    "faces": ("strength", "only", "min_score", "model"),
    "upscale": ("scale", "target", "model"),
    "fill": ("model",),
    "extend": ("model",),
    "compare": ("model",),
}
_HINTS = {"only": "All", "model": "The server's choice"}


class FoveateMainPanel(Sidebar, bpy.types.Panel):
    """Connection, region, operation and jobs that run."""

    bl_idname = "FOVEATE_PT_main"
    bl_label = "Foveate"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw it; the first time, the connection begins."""
        layout, rt = self.layout, controller.get()
        rt.wake()
        _draw_connection(layout, context)
        _draw_region(layout, context)
        _draw_operation(layout, context)
        for entries in _groups():
            if not any(entry.is_running for entry in entries):
                continue
            if entries[0].group:
                draw_group(layout, context, entries, _title(entries[0]))
            else:
                _draw_running(layout, context, entries[0])


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
        for entries in _groups():
            if any(entry.is_running for entry in entries):
                continue
            if entries[0].group:
                draw_group(self.layout, context, entries, _title(entries[0]))
            else:
                _draw_ended(self.layout.box(), context, entries[0])


class FoveateRenderPanel(Part, bpy.types.Panel):
    """Whether renders are refocused when they are finished."""

    bl_idname = "FOVEATE_PT_render"
    bl_order = 2
    title = "Finished Renders"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012 - Blender reads it

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the switch and the region."""
        scene = context.scene
        say = controller.get().texts
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
        say = controller.get().texts
        self.layout.operator_context = "INVOKE_DEFAULT"
        for group in _MENU:
            for name, label in group.items():
                if name in NEED_CHECKPOINT and not controller.get().has_checkpoint:
                    continue
                self.layout.operator(f"foveate.{name}", text=say(label))
            self.layout.separator()


def draw_in_image_menu(menu: bpy.types.Menu, _context: bpy.types.Context) -> None:
    """Add our menu to Image."""
    menu.layout.separator()
    menu.layout.menu(FoveateMenu.bl_idname)


def _draw_connection(layout: Any, context: bpy.types.Context) -> None:
    rt = controller.get()
    text, icon = _STATES[rt.connection.state]
    row = layout.row()
    row.label(text=", ".join(filter(None, (rt.texts(text), rt.connection.server))), icon=icon)
    row.operator("foveate.reconnect", text="", icon="FILE_REFRESH")
    if error := rt.connection.error:
        draw_error(layout, context, error)
        if error.code is errors.ErrorCode.NO_SERVER:
            layout.operator("foveate.copy_command", text=rt.texts("Copy Server Command"), icon="COPYDOWN")


def _draw_region(layout: Any, context: bpy.types.Context) -> None:
    panel, image = context.window_manager.foveate, context.space_data.image
    row = layout.row(align=True)
    row.operator("foveate.select_region", text=controller.get().texts("Select Region"), icon="SELECT_SET")
    row.operator("foveate.clear_region", text="", icon="X")
    layout.prop(panel, "region", text="")
    if panel.region == "MASK":
        layout.prop_search(panel, "mask", bpy.data, "masks", text="")
    if image is None:
        return
    try:
        chosen = choose_region.choose(context, image, panel.region, mask=panel.mask if panel.region == "MASK" else "")
    except errors.FoveateError as error:
        draw_error(layout, context, error.info)
        return
    layout.label(text=_region_text(chosen), icon="RESTRICT_SELECT_OFF")


def _region_text(chosen: choose_region.Chosen) -> str:
    text = controller.get().texts
    if chosen.rect:
        x, y, width, height = chosen.rect
        return text("{width} x {height} pixels at {x}, {y}", width=width, height=height, x=x, y=y)
    return text(_KINDS[chosen.kind], name=chosen.mask) if chosen.mask else text(_KINDS[chosen.kind])


def _draw_operation(layout: Any, context: bpy.types.Context) -> None:
    panel, say = context.window_manager.foveate, controller.get().texts
    has_checkpoint = controller.get().has_checkpoint
    choices = layout.column(align=True)
    for operations in (("refocus", "faces", "upscale"), NEED_CHECKPOINT if has_checkpoint else ()):
        row = choices.row(align=True)
        for operation in operations:
            row.prop_enum(panel, "operation", operation, text=say(TITLES[operation]))
    shown = form_of(panel.operation, panel) if has_checkpoint else None
    is_prompted = shown is not None and shown.is_prompted
    column = layout.column()
    column.use_property_split = True
    column.use_property_decorate = False
    for name in _FIELDS[panel.operation]:
        if name == "strength" and is_prompted:
            continue  # it means something else then, and stands with the prompts
        hint = {"placeholder": say(_HINTS[name])} if name in _HINTS else {}
        column.prop(panel, f"{served_by(panel.operation)}_{name}", text=say(_LABELS[name]), **hint)
    if shown is not None and is_prompted:
        draw_words(layout, panel, shown)
    if panel.operation != "compare":
        layout.prop(panel, "replace_users", text=say("Replace Everywhere"))
    button = layout.row()
    button.scale_y = 1.5
    button.operator_context = "INVOKE_DEFAULT"
    button.operator(f"foveate.{panel.operation}", text=say(_OPERATIONS[panel.operation]), icon="PLAY")
    if context.space_data.image is None:
        layout.label(text=say("Open an image in this editor first"), icon="INFO")


def _draw_running(layout: Any, context: bpy.types.Context, entry: job_list.JobEntry) -> None:
    box, status = layout.box(), entry.flow.status
    box.label(text=_title(entry), translate=False)
    row = box.row(align=True)
    row.progress(factor=status.fraction, type="BAR", text=job_status.describe(status, controller.get().texts))
    row.operator("foveate.cancel", text="", icon="X").job = entry.flow.job
    if status.summary:
        draw_lines(box, context, status.summary, "NONE")
    _draw_preview(box, entry)


def _draw_ended(box: Any, context: bpy.types.Context, entry: job_list.JobEntry) -> None:
    rt, status, job = controller.get(), entry.flow.status, entry.flow.job
    row = box.row(align=True)
    row.label(text=_title(entry), icon=_ending_icon(status), translate=False)
    row.operator("foveate.again", text="", icon="FILE_REFRESH").job = job
    if entry.flow.result is not None:
        row.operator("foveate.copy_recipe", text="", icon="COPYDOWN").job = job
    row.operator("foveate.discard", text="", icon="TRASH").job = job
    if status.error and status.error.code is errors.ErrorCode.CANCELLED:
        draw_lines(box, context, rt.texts.sentence(str(status.error)), "INFO")
    elif status.error:
        draw_error(box, context, status.error)
    for note in status.notes:
        if status.error and note == str(status.error):
            continue  # it is said already
        draw_lines(box, context, rt.texts.sentence(note), "INFO")
    if entry.waits_for_person:
        _draw_preview(box, entry)
        text = "Apply All the Same" if status.error else "Apply Result"
        box.operator("foveate.apply_result", text=rt.texts(text), icon="CHECKMARK").job = job
    elif job in rt.hosts and rt.hosts[job].made:
        box.operator("foveate.show_result", text=rt.hosts[job].made, icon="IMAGE_DATA", translate=False).job = job


def _groups() -> list[list[job_list.JobEntry]]:
    """Return all jobs, newest first; those of one wish are together, in the order of their seeds."""
    groups: dict[object, list[job_list.JobEntry]] = {}
    for entry in controller.get().entries:
        groups.setdefault(entry.group or id(entry), []).insert(0, entry)
    return list(groups.values())


def _title(entry: job_list.JobEntry) -> str:
    """Return what a job is called, in the person's language."""
    rt = controller.get()
    task = rt.tasks.get(entry.flow.job)
    return f"{rt.texts(TITLES[task.operation])}: {task.image_name}" if task else entry.title


def _draw_preview(box: Any, entry: job_list.JobEntry) -> None:
    rt = controller.get()
    if icon := rt.previews.icon(entry, rt.hosts.get(entry.flow.job)):
        box.label(text=rt.texts("Preview, not applied"), icon="HIDE_OFF")
        box.template_icon(icon_value=icon, scale=8)


def _ending_icon(status: job_flow.JobProgress) -> str:
    if status.error is None:
        return {job_flow.JobState.DONE: "CHECKMARK", job_flow.JobState.UNAPPLIED: "QUESTION"}.get(status.state, "X")
    return "X" if status.error.code is errors.ErrorCode.CANCELLED else "ERROR"


CLASSES = (FoveateMainPanel, FoveateResultsPanel, FoveateRenderPanel, FoveateMenu)
