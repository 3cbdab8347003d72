"""Blender installs extensions itself, from its command line: that enables them too."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from foveate_server.plugins.editor_places import FLATPAK, FLATPAKS, NATIVE, Machine, Place
from foveate_server.plugins.editor_version import version_of
from foveate_shared.errors import ErrorCode, ServerError

REPOSITORY = "user_default"
SECONDS = 120.0


def program_for(place: Place, machine: Machine) -> list[str] | None:
    """Return the command of the Blender that keeps its extensions in `place`, or None where it is not found."""
    if place.host != "blender":
        return None
    command: list[str] | None = None
    if place.kind == NATIVE and (program := machine.program("blender")):
        command = [program]
    elif place.kind == FLATPAK:
        command = ["flatpak", "run", FLATPAKS["blender"]]
    return command if command and version_of(command).startswith(f"{place.release}.") else None


def install(command: Sequence[str], bundle: Path) -> None:
    """Install and enable an extension. Raises ServerError with what Blender says where it refuses."""
    _run([*command, "--command", "extension", "install-file", "--repo", REPOSITORY, "--enable", str(bundle)])


def remove(command: Sequence[str]) -> None:
    """Disable and remove the extension. Raises ServerError."""
    _run([*command, "--command", "extension", "remove", f"{REPOSITORY}.foveate"])


def _run(command: Sequence[str]) -> None:
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _refused(str(error)) from error
    if result.returncode:
        raise _refused((result.stderr or result.stdout).strip())


def _refused(reason: str) -> ServerError:
    last = reason.splitlines()[-1] if reason else "it said nothing"
    return ServerError(
        f"Blender did not do it: {last}.",
        code=ErrorCode.INVALID_FILE,
        remedy="Build the package with `foveate plugins build`, and install it in Blender: Edit > Preferences > "
        "Get Extensions > Install from Disk.",
    )
