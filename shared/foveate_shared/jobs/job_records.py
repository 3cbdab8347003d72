"""What is written down about jobs that run, a file each, so that a result can be opened where the editor is gone.

The server keeps a complete result, but nobody there knows which image it came from, nor that image's profile.
"""

from __future__ import annotations

import base64
import json
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ..connection import private_files
from ..errors import ResourceError

_FOLDER = "foveate-jobs"  # beside the settings
_VERSION = 1
_LONGEST_SECONDS = 60 * 24 * 3600.0  # a server keeps a result for a week, unless its owner says otherwise


@dataclass(frozen=True)
class Record:
    """One job."""

    title: str  # of its operation, in the person's language
    image: str  # the image's name as a person knows it
    base: int  # the editor's number of its mode
    precision: int  # ... and of its precision
    icc: bytes | None  # the image's own profile; None where it has the editor's own
    is_left: bool = False  # its plug-in is gone, and the server has the result


def folder_of(settings_path: Path) -> Path:
    """Return where the records are that go with a settings file."""
    return settings_path.with_name(_FOLDER)


def write(folder: Path, job: str, record: Record) -> None:
    """Write a record down. Raises ResourceError."""
    icc = None if record.icc is None else base64.b64encode(record.icc).decode()
    text = json.dumps({"version": _VERSION, **asdict(record), "icc": icc})
    private_files.write_private(folder / f"{job}.json", text)


def read(folder: Path, job: str) -> Record | None:
    """Return a job's record; None where there is none that can be understood."""
    try:
        values = json.loads((folder / f"{job}.json").read_text(encoding="utf-8"))
        if values.pop("version") != _VERSION:
            return None
        icc = values.pop("icc")
        return Record(icc=None if icc is None else base64.b64decode(icc), **values)
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
        _mark(folder, job, record, is_left=True)


def is_any_left(folder: Path) -> bool:
    """Tell whether a result waits of which the person has not been told yet, as far as is known here."""
    records = (read(folder, path.stem) for path in folder.glob("*.json"))
    return any(record is not None and record.is_left for record in records)


def mark_seen(folder: Path) -> None:
    """Note that the person was told of all that waits; remove what is older than any server keeps a result."""
    for path in folder.glob("*.json"):
        record = read(folder, path.stem)
        if record is None or time.time() - path.stat().st_mtime > _LONGEST_SECONDS:
            forget(folder, path.stem)
        elif record.is_left:
            _mark(folder, path.stem, record, is_left=False)


def _mark(folder: Path, job: str, record: Record, *, is_left: bool) -> None:
    try:
        write(folder, job, replace(record, is_left=is_left))
    except ResourceError:  # it only helps to find the result, which the server lists all the same
        return
