"""What is written down about jobs that run, a file each, so that a result can be opened where the editor is gone.

The server keeps a complete result, but nobody there knows which image it came from, nor that image's profile.
"""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Protocol, runtime_checkable

from ..connection import private_files
from ..errors import ResourceError
from ..wire.protocol import JsonObject

_FOLDER = "foveate-jobs"  # beside the settings
_VERSION = 2
_LONGEST_SECONDS = 60 * 24 * 3600.0  # a server keeps most results for a week, but counts only while it runs


@dataclass(frozen=True)
class Record:
    """One job."""

    title: str  # of its operation, in the person's language
    image: str  # the image's name as a person knows it
    kind: JsonObject  # what the editor needs to find the image, or to make another one of its kind
    group: str = ""  # the same for variations of one wish
    parameters: JsonObject = field(default_factory=dict)
    is_left: bool = False  # its plug-in is gone, and the server has the result
    process: str = ""  # the editor's that it was begun in, see process_place.mark_of


_TYPES = {  # of its fields
    "title": str,
    "image": str,
    "kind": dict,
    "group": str,
    "parameters": dict,
    "is_left": bool,
    "process": str,
}


@runtime_checkable
class RecordedHost(Protocol):
    """A host whose jobs are written down."""

    def record(self) -> Record:
        """Return what is to be written down about a job on what was frozen."""


def folder_of(settings_path: Path) -> Path:
    """Return where the records are that go with a settings file."""
    return settings_path.with_name(_FOLDER)


def write(folder: Path, job: str, record: Record) -> None:
    """Write a record down. Where that cannot be, there is none: no reason not to do the job."""
    text = json.dumps({"version": _VERSION, **asdict(record)})
    with contextlib.suppress(ResourceError):
        private_files.write_private(folder / f"{job}.json", text)


def read(folder: Path, job: str) -> Record | None:
    """Return a job's record; None where there is none that can be understood."""
    try:
        values = json.loads((folder / f"{job}.json").read_text(encoding="utf-8"))
        if values.pop("version") != _VERSION:
            return None
        record = Record(**values)
        return record if all(isinstance(value, _TYPES[name]) for name, value in asdict(record).items()) else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def forget(folder: Path, job: str) -> None:
    """Remove a job's record, where there is one."""
    try:
        (folder / f"{job}.json").unlink(missing_ok=True)
    except OSError:  # it is in nobody's way
        return


def mark_left(folder: Path, job: str) -> None:
    """Note that a result waits at the server for a plug-in that is gone."""
    record = read(folder, job)
    if record is not None:
        write(folder, job, replace(record, is_left=True))


def is_untold(folder: Path, job: str) -> bool:
    """Tell whether a job was left with its result, and the person has not been told of that yet."""
    record = read(folder, job)
    return record is not None and record.is_left


def mark_seen(folder: Path) -> None:
    """Note that the person was told of all that waits; forget what is old."""
    forget_old(folder)
    for path in folder.glob("*.json"):
        record = read(folder, path.stem)
        if record is not None and record.is_left:
            write(folder, path.stem, replace(record, is_left=False))


def forget_old(folder: Path) -> None:
    """Remove what is so old that hardly a server still has the result, and what cannot be understood."""
    for path in folder.glob("*.json"):
        with contextlib.suppress(OSError):  # another session was quicker
            age = time.time() - path.stat().st_mtime
            if age > _LONGEST_SECONDS or read(folder, path.stem) is None:
                forget(folder, path.stem)
