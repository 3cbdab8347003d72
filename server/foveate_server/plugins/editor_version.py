"""Ask an editor's program for its version."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence

from foveate_server.plugins.run_editor import run_editor

SECONDS = 30.0  # a Flatpak takes its time
_VERSION = re.compile(r"\d+\.\d+(\.\d+)?")


def version_of(command: Sequence[str], environ: Mapping[str, str]) -> str:
    """Return the version that `command --version` tells, such as "4.3.2"; "" where it tells none."""
    try:
        said = run_editor([*command, "--version"], environ, seconds=SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = _VERSION.search(said.stdout) if said.returncode == 0 else None
    return found[0] if found else ""
