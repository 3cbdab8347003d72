"""What is set in a terminal, and not for the desktop's session: an editor that is started from the menu lacks it."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from foveate_server.plugins.run_editor import run_editor

SECONDS = 5.0
_OURS = "FOVEATE_"  # how the names of our own variables begin
_FOLDERS = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME")
_ASK_SESSION = ("systemctl", "--user", "show-environment")  # who sets a variable for the session, sets it there


@dataclass(frozen=True)
class TerminalAlone:
    """Variables that decide where files are, or about the server."""

    names: tuple[str, ...]
    is_sure: bool  # that the session lacks them; False: nobody could tell what it has


def set_here_alone(environ: Mapping[str, str]) -> TerminalAlone:
    """Return what the session does not know, or may not know."""
    told = sorted(name for name in environ if name.startswith(_OURS) or name in _FOLDERS)
    session = _session(environ) if told else {}
    if session is None:
        return TerminalAlone(tuple(told), is_sure=False)
    return TerminalAlone(tuple(name for name in told if session.get(name) != environ[name]), is_sure=True)


def _session(environ: Mapping[str, str]) -> Mapping[str, str] | None:
    """Return the variables of the session, as far as they are plain; None where nobody can tell."""
    try:
        said = run_editor(_ASK_SESSION, environ, seconds=SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return None
    if said.returncode:  # such as where no session runs
        return None
    return {name: value for name, _, value in (line.partition("=") for line in said.stdout.splitlines())}
