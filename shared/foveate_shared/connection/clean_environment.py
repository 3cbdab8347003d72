"""The environment for programs that are started from here, without what belongs to another Python.

An editor sets variables for the Python in it, an AppImage for its libraries; a shell may have a virtual environment
active: with that first on the path, Krita and GIMP take its Python for theirs, and load no plugin, without a word.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

VIRTUAL_VARIABLE = "VIRTUAL_ENV"  # names the folder of the virtual environment that is active in a shell
_OF_ANOTHER_PYTHON = (
    *("PYTHONHOME", "PYTHONPATH", "PYTHONEXECUTABLE", "__PYVENV_LAUNCHER__"),
    *(VIRTUAL_VARIABLE, "VIRTUAL_ENV_PROMPT"),
)


def clean_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a program that is started from here."""
    kept = {name: value for name, value in environ.items() if name not in _OF_ANOTHER_PYTHON}
    if path := kept.get("PATH"):
        kept["PATH"] = os.pathsep.join(entry for entry in path.split(os.pathsep) if not _virtual(entry))
    return _outside_appimage(kept)


def virtual_environment(environ: Mapping[str, str]) -> str:
    """Return the folder of the virtual environment that is active, or whose programs are on the path; "" for none."""
    if active := environ.get(VIRTUAL_VARIABLE):
        return active
    return next(filter(None, map(_virtual, environ.get("PATH", "").split(os.pathsep))), "")


def _virtual(entry: str) -> str:
    """Return the virtual environment whose programs are in this folder of the path; "" where it is another folder."""
    folder = Path(entry).parent
    return str(folder) if entry and (folder / "pyvenv.cfg").is_file() else ""


def _outside_appimage(environ: dict[str, str]) -> dict[str, str]:
    """Return the environment without the folders of an AppImage: its libraries are not those of our Python."""
    folder = environ.get("APPDIR")
    if not folder:
        return environ
    paths = {name: value.split(os.pathsep) for name, value in environ.items()}
    kept = {name: [entry for entry in entries if not entry.startswith(folder)] for name, entries in paths.items()}
    return {name: os.pathsep.join(entries) for name, entries in kept.items() if entries}
