"""Folders that take seconds to build and that many tests want: built once for all processes of a test run."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

STORE = "FOVEATE_TESTS_STORE"  # the environment variable that says where, while tests run


def build_once(name: str, path: Path, build: Callable[[Path], None]) -> None:
    """Have `path` be what `build` makes, the same for each `name`; whoever asked may change it."""
    if STORE not in os.environ:
        build(path)
        return
    stored = Path(os.environ[STORE], name)
    with FileLock(f"{stored}.lock"):
        if not stored.exists():
            unfinished = stored.with_suffix(".new")
            build(unfinished)
            unfinished.rename(stored)
    shutil.copytree(stored, path)
