"""What is set in a terminal, and not for the desktop's session: an editor that is started from the menu lacks it."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping

from foveate_server.plugins.run_editor import run_editor

SECONDS = 5.0
_OURS = "FOVEATE_"  # how the names of our own variables begin
_FOLDERS = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME")
_ASK_SESSION = ("systemctl", "--user", "show-environment")  # who sets a variable for the session, sets it there


def set_here_alone(environ: Mapping[str, str]) -> list[str]:
    """Return the variables that decide where files are, or about the server, of which the session knows nothing."""
    told = [name for name in environ if name.startswith(_OURS) or name in _FOLDERS]
    session = _session(environ) if told else {}
    return sorted(name for name in told if session.get(name) != environ[name])


def _session(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Return the variables of the session, as far as they are plain; none where nobody can tell."""
    try:
        said = run_editor(_ASK_SESSION, environ, seconds=SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return {}
    return {name: value for name, _, value in (line.partition("=") for line in said.stdout.splitlines())}
