"""Blender installs extensions itself, from its command line: that enables them too."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from foveate_server.plugins.editor_places import CHOSEN, Machine, Place, program_of
from foveate_server.plugins.run_editor import run_editor
from foveate_shared.errors import ErrorCode, ServerError, reason_of

REPOSITORY = "user_default"
SECONDS = 120.0
_INSTALL_BY_HAND = (
    "Build the package with `foveate plugins build`, and install it in Blender: Edit > Preferences > Get Extensions > "
    "Install from Disk."
)
_REMOVE_BY_HAND = "Uninstall it in Blender: Edit > Preferences > Add-ons."


def program_for(place: Place, machine: Machine) -> list[str] | None:
    """Return the command of the Blender that keeps its extensions in `place`, or None where it is not found."""
    if place.host != "blender" or place.kind == CHOSEN:
        return None
    command = program_of("blender", place.kind, machine)
    return command if command and machine.version_of(command).startswith(f"{place.release}.") else None


def install(command: Sequence[str], bundle: Path) -> None:
    """Install and enable an extension. Raises ServerError with what Blender says where it refuses."""
    _run(
        [*command, "--command", "extension", "install-file", "--repo", REPOSITORY, "--enable", str(bundle)],
        _INSTALL_BY_HAND,
    )


def remove(command: Sequence[str], kept: Path) -> None:
    """Disable and remove the extension, but not the folder `kept`, which Blender would delete. Raises ServerError."""
    with _moved_aside(kept):
        _run([*command, "--command", "extension", "remove", f"{REPOSITORY}.foveate"], _REMOVE_BY_HAND)


@contextmanager
def _moved_aside(folder: Path) -> Iterator[None]:
    if not folder.is_dir():
        yield
        return
    aside = folder.rename(folder.with_name(f".{folder.name}.kept"))
    try:
        yield
    finally:
        aside.rename(folder)


def _run(command: Sequence[str], by_hand: str) -> None:
    try:
        result = run_editor(command, os.environ, seconds=SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _refused(reason_of(error), by_hand) from error
    if result.returncode:
        raise _refused((result.stderr or result.stdout).strip(), by_hand)


def _refused(reason: str, by_hand: str) -> ServerError:
    last = reason.splitlines()[-1] if reason else "it said nothing"
    return ServerError(f"Blender did not do it: {last}.", code=ErrorCode.INVALID_FILE, remedy=by_hand)
