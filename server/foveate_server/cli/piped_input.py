"""`-` as IN: a picture that comes through stdin."""

from __future__ import annotations

import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from foveate_server.picture_files.containers import SUFFIXES, sniff
from foveate_server.picture_files.picture import Picture
from foveate_server.picture_files.read import read_picture
from foveate_shared.errors import ErrorCode, InputError

PIPE = Path("-")


def read_input(path: Path) -> Picture:
    """Return the picture in `path`, or that which comes through a pipe and has no name. Raises FoveateError."""
    if path != PIPE:
        return read_picture(path)
    if sys.stdin is None or sys.stdin.isatty():
        raise InputError(
            "No picture comes from a terminal.",
            code=ErrorCode.INVALID_FILE,
            remedy="Name a file as IN, or send one: `PROGRAM | foveate ... - OUT`.",
        )
    with tempfile.TemporaryDirectory(prefix="foveate-") as folder:
        return replace(read_picture(_received(Path(folder))), source=None)


def _received(folder: Path) -> Path:
    """Return a file with what came, named as its content wants it."""
    file = folder / "stdin"
    with file.open("wb") as stream:
        shutil.copyfileobj(sys.stdin.buffer, stream)
    with file.open("rb") as stream:
        kind = sniff(stream.read(16))
    ending = next((suffix for suffix, each in SUFFIXES.items() if each == kind), "")
    return file.rename(file.with_suffix(ending))
