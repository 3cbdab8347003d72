"""Adding a model from the preferences, and the help for who has no checkpoint yet."""

import time
from typing import Any

import bpy

from . import controller
from ._shared import add_model, checkpoint_advice, errors
from .panel_base import draw_error, draw_lines

_LOOK_SECONDS = 0.1  # between two looks whether it is there, where nothing else can be done


class AddModelOperator(bpy.types.Operator):
    """Add a model to this machine's server: a checkpoint, a LoRA, an embedding or a VAE."""

    bl_idname = "foveate.add_model"
    bl_label = "Add a Model"
    bl_description = "Add a model to this machine's server: a checkpoint, a LoRA, an embedding or a VAE"

    source: bpy.props.StringProperty(
        name="Model",
        description="A file, a folder, a name on the model hub such as org/name, or an address",
        options={"SKIP_SAVE"},
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Begin; the preferences show how far it is. Without windows, wait for the end."""
        rt = controller.get()
        source = self.source or context.window_manager.foveate.model_source
        try:
            rt.add_model(bpy.path.abspath(source) if source.startswith("//") else source)
            if bpy.app.background:
                self._wait(rt.adder)
        except errors.FoveateError as error:
            self.report({"ERROR"}, rt.say.sentence(str(error)))
            return {"CANCELLED"}
        return {"FINISHED"}

    def _wait(self, adder: Any) -> None:
        while adder.is_running:
            time.sleep(_LOOK_SECONDS)
            adder.poll()
        if adder.status.error:
            raise errors.InputError(adder.status.error)
        self.report({"INFO"}, adder.text(controller.get().say))


class StopAddingOperator(bpy.types.Operator):
    """End it; what was fetched so far is used when it is tried again."""

    bl_idname = "foveate.stop_adding"
    bl_label = "Stop Adding"
    bl_description = "End it; what was fetched so far is used when it is tried again"

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """End it."""
        adder = controller.get().adder
        if not adder.is_running:
            return {"CANCELLED"}
        adder.stop()
        return {"FINISHED"}


class CopyAddCommandOperator(bpy.types.Operator):
    """Copy the command that adds the model, for a terminal."""

    bl_idname = "foveate.copy_add_command"
    bl_label = "Copy Add Command"
    bl_description = "Copy the command that adds the model, for a terminal"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Copy it."""
        rt = controller.get()
        try:
            command = add_model.command_to_copy(rt.settings, context.window_manager.foveate.model_source)
        except errors.FoveateError as error:
            self.report({"ERROR"}, rt.say.sentence(str(error)))
            return {"CANCELLED"}
        context.window_manager.clipboard = command
        return {"FINISHED"}


def draw(layout: Any, context: bpy.types.Context) -> None:
    """Draw the part of the preferences."""
    rt, say = controller.get(), controller.get().say
    box = layout.box()
    box.label(text=say("Models"), icon="FILE_3D", translate=False)
    if rt.connection.is_ready and not rt.has_checkpoint:
        _draw_help(box, context)
    reason = add_model.why_not(rt.settings)
    row = box.row(align=True)
    row.use_property_split = False
    row.prop(context.window_manager.foveate, "model_source", text="", placeholder=say("File, folder or org/name"))
    if not reason:
        row.operator("foveate.add_model", text=say("Add"), icon="ADD")
    row.operator("foveate.copy_add_command", text="", icon="COPYDOWN")
    if reason:
        draw_lines(box, context, say.sentence(reason), "INFO")
    if rt.adder.status is not None:
        _draw_adding(box, context, rt.adder.status)
    if rt.models:
        names = ", ".join(model.title for model in rt.models if model.kind != "detect")
        draw_lines(box, context, f"{say('The server has')}: {names}", "NONE")


def _draw_help(box: Any, context: bpy.types.Context) -> None:
    say = controller.get().say
    draw_lines(box, context, say(checkpoint_advice.INTRODUCTION), "INFO")
    column = box.column(align=True)
    for advice in checkpoint_advice.ADVICE:
        draw_lines(column, context, f"{advice.heading(say)}: {checkpoint_advice.advice_text(advice, say)}", "DOT")
    for step in checkpoint_advice.STEPS:
        draw_lines(box, context, say(step), "NONE")


def _draw_adding(box: Any, context: bpy.types.Context, status: add_model.AddStatus) -> None:
    text = controller.get().adder.text(controller.get().say)
    if status.is_running:
        row = box.row(align=True)
        row.label(text=text, icon="SORTTIME", translate=False)
        row.operator("foveate.stop_adding", text="", icon="X")
    elif status.error:
        draw_error(box, context, errors.InputError(status.error).info)
    else:
        draw_lines(box, context, text, "ERROR" if status.problem else "CHECKMARK")


CLASSES = (AddModelOperator, StopAddingOperator, CopyAddCommandOperator)
