"""The server in the sidebar: whether it is there, and what to do where it is not; nothing else works before."""

from __future__ import annotations

from typing import Any

import bpy

from . import controller
from ._shared import client, errors, labels
from .act_operator import act_operator
from .panel_base import draw_error, draw_lines

_State = client.ConnectionState
_ICONS = {
    _State.SEARCHING: "VIEWZOOM",
    _State.CONNECTING: "URL",
    _State.READY: "CHECKMARK",
    _State.SILENT: "ERROR",
    _State.LOST: "ERROR",
    _State.ENDED: "PAUSE",
    _State.REFUSED: "CANCEL",
    _State.CLOSED: "X",
}


@act_operator("reconnect", "Connect Again")
def _reconnect(_self: Any, _context: bpy.types.Context) -> None:
    """Look for the server again, with the settings as they are now, and start it where none runs."""
    controller.get().reconnect()


@act_operator("copy_command", "Copy Server Command")
def _copy_command(_self: Any, context: bpy.types.Context) -> None:
    """Copy the command that starts the server, for a terminal."""
    context.window_manager.clipboard = controller.get().command


@act_operator("open_preferences", "Server Settings")
def _open_preferences(_self: Any, _context: bpy.types.Context) -> None:
    """Open the preferences: what starts the server, or where it is, and which models it has."""
    bpy.ops.preferences.addon_show(module=__package__)


def draw(layout: Any, context: bpy.types.Context) -> None:
    """Draw it: a line once the server is there, else what to do as well."""
    rt, row = controller.get(), layout.row()
    text = labels.connection(rt.connection, rt.say)
    row.label(
        text=", ".join(filter(None, (text, rt.connection.server))), icon=_ICONS[rt.connection.state], translate=False
    )
    row.operator("foveate.reconnect", text="", icon="FILE_REFRESH")
    if rt.problem:  # of the settings: it may be why no server is found
        draw_lines(layout, context, rt.say.sentence(rt.problem), "ERROR")
    if rt.uses_old_settings:
        draw_lines(layout, context, rt.say("Connect Again uses what you have changed."), "INFO")
    error = rt.connection.error or rt.connection.warning
    if error and rt.connection.state is _State.ENDED:  # nothing is wrong
        draw_lines(layout, context, rt.say.sentence(str(error)), "INFO")
    elif error:
        draw_error(layout, context, error)
    if rt.connection.is_ready:
        return
    if not rt.operations:
        draw_lines(layout, context, rt.say(_WHAT_IT_IS), "INFO")
    if (error and rt.connection.state is not _State.SILENT) or not rt.operations:  # that one goes on by itself
        _draw_ways(layout, error)


_WHAT_IT_IS = (
    "Foveate's server does the work, on this machine or on another one. It is started by itself; the first time, that "
    "takes up to a minute."
)


def _draw_ways(layout: Any, error: errors.ErrorInfo | None) -> None:
    """Draw what can be done where no server is there."""
    rt, say = controller.get(), controller.get().say
    is_missing = not rt.settings.remote_url and (error is None or error.code is errors.ErrorCode.NO_SERVER)
    column = layout.column(align=True)
    button = column.row(align=True)
    button.scale_y = 1.5
    button.enabled = rt.connection.state in {_State.LOST, _State.ENDED, _State.REFUSED}  # else it is under way
    if rt.is_command_for_terminal:
        column.operator("foveate.copy_command", text=say("Copy Server Command"), icon="COPYDOWN")
    if is_missing and not rt.is_command_for_terminal:
        button.operator("foveate.reconnect", text=say("Start the Server"), icon="PLAY")
    else:
        button.operator("foveate.reconnect", text=say("Try Again"), icon="FILE_REFRESH")
    column.operator("foveate.open_preferences", text=say("Server Settings"), icon="PREFERENCES")


CLASSES = (_reconnect, _copy_command, _open_preferences)
