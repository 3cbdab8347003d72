"""Whose jobs a command is about: the command line's own, or an editor's, whose plugin has settings with its own id."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from foveate_server.plugins.editor_places import TITLES, Machine, find_places
from foveate_shared.connection import settings
from foveate_shared.connection.server_address import ServerAddress
from foveate_shared.editor import open_connection
from foveate_shared.errors import ErrorCode, InputError


@dataclass(frozen=True)
class NamedOwner:
    """An editor's plugin, as the server knows it."""

    client_id: str
    find_server: Callable[[], ServerAddress]  # the one that its settings name, started where it can be


def named_owner(options: argparse.Namespace, machine: Machine) -> NamedOwner | None:
    """Return the owner that --as or --settings names; None where they were not given. Raises InputError."""
    path: Path | None = getattr(options, "settings", None)
    editor: str | None = getattr(options, "owner", None)
    if editor is not None:
        path = _settings_of(editor, machine)
    if path is None:
        return None
    values = _read(path, editor)
    return NamedOwner(values.client_id, open_connection.find_server(values, editor or "EDITOR"))


def _settings_of(editor: str, machine: Machine) -> Path:
    found = sorted({place.settings for place in find_places(editor, machine) if place.settings.is_file()})
    if len(found) == 1:
        return found[0]
    title = TITLES[editor]
    if not found:
        raise InputError(
            f"No settings of the plugin for {title} were found.",
            code=ErrorCode.INVALID_FILE,
            remedy=f"Install it with `foveate plugins install {editor}`, or name its file with --settings.",
        )
    raise InputError(
        f"{title} has several: {', '.join(map(str, found))}.",
        code=ErrorCode.INVALID_FILE,
        remedy="Name one with --settings FILE.",
    )


def _read(path: Path, editor: str | None) -> settings.Settings:
    try:
        return settings.parse(path.read_text("utf-8"))  # never written anew: a wrong name must not make a file
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it holds no settings"
        by_name = "Name the file of a plugin, such as foveate.json in GIMP's folder."
        anew = f"`foveate plugins install {editor}` makes them anew; results that wait stay the editor's."
        raise InputError(
            f"The settings in {path} cannot be read: {reason}.",
            code=ErrorCode.INVALID_FILE,
            remedy=anew if editor else by_name,
        ) from None
