"""Adding a model from the preferences, and the help for who has no checkpoint yet."""

from typing import Any

import bpy

from . import controller, properties
from ._shared import add_model_program, checkpoint_advice, errors
from .act_operator import act_operator
from .panel_base import draw_error, draw_lines

_NOT_CHOSEN = ("detect", "safety")  # kinds of models: they are taken by themselves


@act_operator("add_model", "Add a Model", source=properties.model_source(options=properties.ONCE))
def _add_model(self: Any, context: bpy.types.Context) -> None:
    """Add a model to this machine's server: a checkpoint, a LoRA, an embedding or a VAE."""
    rt = controller.get()
    source = self.source or context.window_manager.foveate.model_source
    rt.add_model(bpy.path.abspath(source) if source.startswith("//") else source)
    if not bpy.app.background:
        return  # the preferences show how far it is
    rt.adder.wait()
    self.report({"INFO"}, rt.adder.text(rt.say))


@act_operator("stop_adding", "Stop Adding")
def _stop_adding(_self: Any, _context: bpy.types.Context) -> bool:
    """End it; what was fetched so far is used when it is tried again."""
    adder = controller.get().adder
    was_running = adder.is_running
    adder.stop()
    return was_running


@act_operator("copy_add_command", "Copy Add Command")
def _copy_add_command(_self: Any, context: bpy.types.Context) -> None:
    """Copy the command that adds the model, for a terminal."""
    manager = context.window_manager
    manager.clipboard = add_model_program.command_to_copy(controller.get().settings, manager.foveate.model_source)


def draw(layout: Any, context: bpy.types.Context) -> None:
    """Draw the part of the preferences."""
    rt, say = controller.get(), controller.get().say
    box = layout.box()
    box.label(text=say("Models"), icon="FILE_3D", translate=False)
    if rt.connection.is_ready and not rt.has_checkpoint:
        _draw_help(box, context)
    reason = add_model_program.why_not(rt.settings)
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
        names = ", ".join(model.title for model in rt.models if model.kind not in _NOT_CHOSEN)
        draw_lines(box, context, f"{say('The server has')}: {names}", "NONE")


def _draw_help(box: Any, context: bpy.types.Context) -> None:
    say = controller.get().say
    draw_lines(box, context, say(checkpoint_advice.INTRODUCTION), "INFO")
    column = box.column(align=True)
    for advice in checkpoint_advice.ADVICE:
        draw_lines(column, context, f"{advice.heading(say)}: {checkpoint_advice.advice_text(advice, say)}", "DOT")
    for step in checkpoint_advice.STEPS:
        draw_lines(box, context, say(step), "NONE")


def _draw_adding(box: Any, context: bpy.types.Context, status: add_model_program.AddStatus) -> None:
    text = controller.get().adder.text(controller.get().say)
    if status.is_running:
        row = box.row(align=True)
        row.label(text=text, icon="SORTTIME", translate=False)
        row.operator("foveate.stop_adding", text="", icon="X")
    elif status.error:
        draw_error(box, context, errors.InputError(status.error).info)
    else:
        draw_lines(box, context, text, "ERROR" if status.problem else "CHECKMARK")


CLASSES = (_add_model, _stop_adding, _copy_add_command)
