"""Blender as a Python module (bpy), of a newer version than the chroot's: in a virtual environment, cached like it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from filelock import FileLock

from hosts.lib.building import LOCK_SECONDS, UnavailableError, cache_folder
from hosts.lib.editions import chosen_edition

PYTHON = "python3.11"  # the only one that there are wheels for
VERSION_VARIABLE = "FOVEATE_HOSTS_BPY"  # another version to be tested, such as 4.2 or 5.0


def bpy_version() -> str:
    """Return the version that is tested, without its patch level."""
    return os.environ.get(VERSION_VARIABLE) or "4.5"


def provide_bpy() -> Path:
    """Return a Python that can import bpy; make its environment where there is none. Raises UnavailableError."""
    folder = cache_folder(chosen_edition()) / f"bpy-{bpy_version()}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f"{folder.name}.lock"), timeout=LOCK_SECONDS):
        complete = folder / "complete"
        if not complete.exists():
            _make(folder)
            complete.touch()
    return folder / "bin" / "python"


def _make(folder: Path) -> None:
    python = shutil.which(PYTHON)
    if python is None:
        raise UnavailableError(f"bpy needs {PYTHON}, which is not installed.")
    pip = [str(folder / "bin/python"), "-m", "pip", "--disable-pip-version-check"]
    for command in (
        [python, "-m", "venv", "--clear", str(folder)],
        [*pip, "install", "-q", f"bpy=={bpy_version()}.*"],
    ):
        result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if result.returncode:
            lines = result.stderr.strip().splitlines() or ["it said nothing"]
            raise UnavailableError(f"bpy cannot be installed: {lines[-1]}")
