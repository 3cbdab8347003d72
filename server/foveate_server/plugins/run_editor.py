"""Run an editor's program to its end: without what belongs to another Python, and not for ever."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence

from foveate_shared.connection.clean_environment import clean_environment


def run_editor(
    command: Sequence[str], environ: Mapping[str, str], *, seconds: float, own: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Return how it ended and what it said; `own` variables come to the cleaned environment.

    Raises OSError where it cannot be started, and subprocess.TimeoutExpired where it takes longer than `seconds`.
    """
    return subprocess.run(
        command,
        env={**clean_environment(environ), **(own or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=seconds,
        check=False,
    )
