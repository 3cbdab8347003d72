"""The server as a person types it in a dialog: a command for this machine, or the line of another one."""

from __future__ import annotations

import re
import shlex
from typing import Any

from ..connection import pairing_line
from ..connection.settings import Settings
from ..errors import InputError
from .open_connection import command_to_copy

_HOST_AND_PORT = re.compile(r"[^/\s]+:\d+")


def typed_command(text: str) -> tuple[str, ...]:
    """Return the command that a person typed. Raises InputError where it is a pairing line, or not complete."""
    if text.strip().lower().startswith(f"{pairing_line.SCHEME}://"):
        raise InputError(
            "This is a pairing line, and no command.", remedy="It belongs into the field for the other machine."
        )
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise InputError(
            "The command is not complete: {reason}.", remedy="Close the quotation mark.", reason=error
        ) from error


def typed_address(text: str) -> str:
    """Return the server's address that a person typed: HOST:PORT alone is an encrypted one's."""
    text = text.strip()
    return f"https://{text}" if _HOST_AND_PORT.fullmatch(text) else text


def command_or_installed(values: Settings, text: str) -> tuple[str, ...]:
    """Return the command that a person typed; for none, that which the plugin was installed with.

    Raises InputError where there is neither, and where a quotation mark lacks its other.
    """
    words = typed_command(text) or values.installed_command
    if not words:
        raise InputError(
            "The command that starts the server is missing.",
            remedy="Install the plugin again in a terminal, with `foveate plugins install`: that sets it.",
        )
    return words


def typed_server(values: Settings, *, command: str, line: str, is_local: bool) -> dict[str, Any]:
    """Return the settings that a dialog changes; `values` are those of now, which stay where a field was not changed.

    No command is that which the plugin was installed with. Raises InputError where there is none of these, or no line
    that names a server.
    """
    if is_local:
        return {"server_command": _command(values, command.strip()), **pairing_line.settings_of("")}
    if line.strip():
        return pairing_line.settings_of(line.strip())
    if values.remote_url:
        return {}
    raise InputError(
        "There is no line for the other machine yet.",
        remedy="Run `foveate serve --pair` there, and paste what it prints.",
    )


def _command(values: Settings, typed: str) -> tuple[str, ...]:
    if typed == command_to_copy(values):
        return values.server_command
    return command_or_installed(values, typed)
