"""Ask an editor's program for its version."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence

from foveate_shared.connection.clean_environment import clean_environment

SECONDS = 30.0  # a Flatpak takes its time
_VERSION = re.compile(r"\d+\.\d+(\.\d+)?")


def version_of(command: Sequence[str]) -> str:
    """Return the version that `command --version` tells, such as "4.3.2"; "" where it tells none."""
    try:
        said = subprocess.run(
            [*command, "--version"],
            env=clean_environment(os.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = _VERSION.search(said.stdout) if said.returncode == 0 else None
    return found[0] if found else ""
