"""The extension's preferences: views on the settings file, which also holds the token (and Blender's file does not)."""

import shlex
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import bpy

from . import add_model, controller
from ._shared import labels, pairing_line, settings, translations, typed_settings
from .panel_base import draw_lines

_REMOTE_SERVER = settings.Settings("", remote_url="https://host:1", remote_token="any")  # noqa: S106 - to check parts of


def _kept(name: str) -> dict[str, Any]:
    """Return the accessors of a setting of the same kind."""
    return {
        "get": lambda _: getattr(controller.get().settings, name),
        "set": lambda _, new: controller.get().change(**{name: new}),
    }


def _checked(name: str, meant: Callable[[str], str] = str.strip) -> dict[str, Any]:
    """Return the accessors of a text about a remote server; one that cannot be meant so is not taken."""

    def read(typed: str) -> dict[str, str]:
        if text := meant(typed):
            replace(_REMOTE_SERVER, **{name: text}).remote  # noqa: B018 - it raises InputError
        return {name: text}

    return _kept(name) | {"set": lambda _, text: controller.get().change_to(lambda: read(text))}


def _get_command(_: Any) -> str:
    return shlex.join(controller.get().settings.server_command)


def _set_command(_: Any, text: str) -> None:
    desk = controller.get()
    desk.change_to(lambda: {"server_command": typed_settings.command_or_installed(desk.settings, text)})


def _pair(_: Any, line: str) -> None:
    controller.get().change_to(lambda: pairing_line.settings_of(line) if line.strip() else {})


_REMOTE = (
    ("pairing_line", "Pairing Line"),
    ("remote_url", "Remote Server"),
    ("remote_token", "Token"),
    ("remote_fingerprint", "Fingerprint"),
)
_LANGUAGES = labels.language_rows("As Blender", translations.Texts())
_CODES = [code for _, code in _LANGUAGES]


def _get_language(_: Any) -> int:
    language = controller.get().settings.language
    return _CODES.index(language) if language in _CODES else 0


def _languages(_self: Any, _context: Any) -> controller.Choices:
    return controller.get().choices(tuple((code or "AUTO", title, "") for title, code in _LANGUAGES))


class FoveatePreferences(bpy.types.AddonPreferences):
    """Where the server is, and how results are applied."""

    bl_idname = __package__

    server_command: bpy.props.StringProperty(
        name="Server Command",
        description="Starts the server on this machine where none runs. Empty: as the plugin was installed with",
        get=_get_command,
        set=_set_command,
    )
    remote_url: bpy.props.StringProperty(
        name="Remote Server",
        description="Address of a server on another machine. Empty: the one on this machine",
        **_checked("remote_url", typed_settings.typed_address),
    )
    remote_token: bpy.props.StringProperty(
        name="Token", description="The key to that server", subtype="PASSWORD", **_checked("remote_token")
    )
    remote_fingerprint: bpy.props.StringProperty(
        name="Fingerprint",
        description="SHA-256 of that server's certificate. Empty: the system's authorities vouch for it",
        **_checked("remote_fingerprint"),
    )
    pairing_line: bpy.props.StringProperty(
        name="Pairing Line",
        description="Paste what `foveate serve --pair` printed: it sets address, token and fingerprint",
        get=lambda _: "",
        set=_pair,
    )
    ask_first: bpy.props.BoolProperty(
        name="Ask First", description="Results wait in the panel until you apply them", **_kept("ask_first")
    )
    language: bpy.props.EnumProperty(
        name="Language",
        items=_languages,
        get=_get_language,
        set=lambda _, number: controller.get().change(language=_CODES[number]),
    )

    def draw(self, context: bpy.types.Context) -> None:
        """Draw them."""
        layout, rt, say = self.layout, controller.get(), controller.get().say
        layout.use_property_split = True
        rt.wake()  # so that the models are known
        layout.prop(self, "server_command", text=say("Server Command"))
        remote = layout.box().column()
        for name, title in _REMOTE:
            remote.prop(self, name, text=say(title))
        if rt.settings.remote_url and not bpy.app.online_access:
            remote.label(text=say("Blender is not allowed to go online: see System"), icon="ERROR")
        if rt.problem:  # below what was typed, which so stays where it is
            problem = layout.column()
            problem.alert = True
            draw_lines(problem, context, say.sentence(rt.problem), "ERROR")
        if rt.uses_old_settings:
            draw_lines(layout, context, say("Connect Again uses what you have changed."), "INFO")
        row = layout.row()
        row.operator("foveate.reconnect", text=say("Connect Again"), icon="FILE_REFRESH")
        add_model.draw(layout, context)
        layout.prop(self, "ask_first", text=say("Ask First"))
        layout.prop(self, "language", text=say("Language"))


CLASSES = (FoveatePreferences,)
