"""The extension's preferences: views on the settings file, which also holds the token (and Blender's file does not)."""

import shlex
from typing import Any

import bpy

from . import add_model, controller
from ._shared import labels, pairing_line, translations, typed_settings


def _kept(name: str) -> dict[str, Any]:
    """Return the accessors of a setting of the same kind."""
    return {
        "get": lambda _: getattr(controller.get().settings, name),
        "set": lambda _, new: controller.get().change(**{name: new}),
    }


def _get_command(_: Any) -> str:
    return shlex.join(controller.get().settings.server_command)


def _set_command(_: Any, text: str) -> None:
    desk = controller.get()
    desk.change_to(lambda: {"server_command": typed_settings.command_or_installed(desk.settings, text)})


def _pair(_: Any, line: str) -> None:
    controller.get().change_to(lambda: pairing_line.settings_of(line) if line.strip() else {})


_LANGUAGES = labels.language_rows("As Blender", translations.Texts())  # Blender translates them itself
_CODES = [code for _, code in _LANGUAGES]


def _get_language(_: Any) -> int:
    language = controller.get().settings.language
    return _CODES.index(language) if language in _CODES else 0


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
        **_kept("remote_url"),
    )
    remote_token: bpy.props.StringProperty(
        name="Token", description="The key to that server", subtype="PASSWORD", **_kept("remote_token")
    )
    remote_fingerprint: bpy.props.StringProperty(
        name="Fingerprint",
        description="SHA-256 of that server's certificate. Empty: the system's authorities vouch for it",
        **_kept("remote_fingerprint"),
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
        items=[(code or "AUTO", title, "") for title, code in _LANGUAGES],
        get=_get_language,
        set=lambda _, number: controller.get().change(language=_CODES[number]),
    )

    def draw(self, context: bpy.types.Context) -> None:
        """Draw them."""
        layout = self.layout
        layout.use_property_split = True
        controller.get().wake()  # so that the models are known
        if problem := controller.get().problem:
            layout.label(text=controller.get().say.sentence(problem), icon="ERROR", translate=False)
        layout.prop(self, "server_command")
        remote = layout.box().column()
        for name in ("pairing_line", "remote_url", "remote_token", "remote_fingerprint"):
            remote.prop(self, name)
        if controller.get().settings.remote_url and not bpy.app.online_access:
            remote.label(text=controller.get().say("Blender is not allowed to go online: see System"), icon="ERROR")
        add_model.draw(layout, context)
        layout.prop(self, "ask_first")
        layout.prop(self, "language")
        layout.operator("foveate.reconnect", icon="FILE_REFRESH")


CLASSES = (FoveatePreferences,)
