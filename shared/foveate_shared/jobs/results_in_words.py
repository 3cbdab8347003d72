"""Results that no picture takes: a report becomes words, files go into a folder, and the person is told of both."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from ..errors import ErrorCode, InputError, ResourceError
from ..i18n.sentence import Sentence
from ..wire.protocol import FILES, REPORT, SELECTION, Json, JsonObject
from .host import ItemReport, Result, ResultFile

KINDS = (REPORT, FILES)  # what :func:`told` tells
_MOST_FOLDERS = 10_000  # of one name, in one place
_LONGEST_NAME = 60  # characters of a folder's name: four bytes each fit into what file systems take
_NO_NAME = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+')  # what some file system does not take, or takes for a path


def told(result: Result, place: Path, name: str) -> tuple[str, ...]:
    """Return the sentences of a result of one of KINDS; files are written into a new folder `name` in `place` first.

    Raises ResourceError where that is impossible; nothing is left of them then.
    """
    if result.kind == REPORT:
        return foreseen(result)
    folder = save_files(result.files, place, name)
    names = ", ".join(each.name for each in result.files)
    return (
        Sentence(
            "{count} files were saved in {folder}: {names}",
            one="1 file was saved in {folder}: {names}",
            count=len(result.files),
            folder=str(folder),
            names=names,
        ),
    )


def folder_beside(path: str) -> Path:
    """Return where files about a document go: beside its own, whose `path` may be empty, else in the person's home."""
    return Path(path).parent if path else Path.home()


def foreseen(result: Result) -> tuple[str, ...]:
    """Return what a person sees of a result before it is taken: the lines of a report, the names of files."""
    lines = (line for report in result.reports for line in report_lines(report.data))
    return (*lines, *(each.name for each in result.files))


def drawing_of(result: Result) -> ItemReport | None:
    """Return the first report that has a drawing; None where there is none."""
    return next((report for report in result.reports if report.drawing is not None), None)


def report_lines(data: JsonObject) -> list[str]:
    """Return what a person reads of a report: a line for each value."""
    return [f"{name}: {_value(value)}" for name, value in data.items()]


def save_files(files: tuple[ResultFile, ...], place: Path, name: str) -> Path:
    """Write files into a new folder and return that. Raises ResourceError where it cannot be written."""
    folder = None
    try:
        folder = _new_folder(place, _folder_name(name))
        for each in files:
            (folder / each.name).write_bytes(each.content)
    except OSError as error:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        raise ResourceError(
            "The files cannot be written to {folder}: {reason}",
            code=ErrorCode.STORAGE_FULL,
            remedy="Make room there, or save the image elsewhere, then apply the result again.",
            folder=str(place),
            reason=error.strerror or str(error),
        ) from error
    return folder


def untakable(kind: str, operation: str) -> InputError:
    """Return the error of a program that takes no results of `kind`, which is what `operation` gives."""
    known = {SELECTION: Sentence("a selection"), REPORT: Sentence("a report"), FILES: Sentence("files")}
    what = known.get(kind) or Sentence("a result of kind {kind!r}", kind=kind)
    return InputError(
        "This program cannot take {what}, which is what {operation} gives.",
        remedy="Run it from the command line: foveate {operation}.",
        what=what,
        operation=operation,
    )


def _folder_name(name: str) -> str:
    """Return a name that every file system takes, and that is no path: it comes from a server and from documents."""
    return _NO_NAME.sub("-", name)[:_LONGEST_NAME].strip(" .") or "Foveate"


def _new_folder(place: Path, name: str) -> Path:
    place.mkdir(parents=True, exist_ok=True)
    for number in range(1, _MOST_FOLDERS):
        folder = place / (name if number == 1 else f"{name} {number}")
        if not folder.exists():
            folder.mkdir()
            return folder
    raise FileExistsError(name)


def _value(value: Json) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return f"{value:.6g}"
    return json.dumps(value, ensure_ascii=False)
