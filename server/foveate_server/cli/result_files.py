"""Results that are no pictures, as files: a report as JSON with its drawing, files in a folder."""

from __future__ import annotations

import json
from pathlib import Path

from foveate_server.cli.piped_input import PIPE
from foveate_server.picture_files.picture import Picture, from_wire
from foveate_server.picture_files.place_file import Check
from foveate_server.picture_files.write import prepare, require_writable, save, save_bytes
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.jobs.host import Image, Result
from foveate_shared.wire.protocol import FILES, REPORT, Json


def require_target(path: Path, kind: str) -> None:
    """Raise InputError now for an OUT that a result of `kind` could not be written to in the end."""
    if kind == FILES:
        if path == PIPE:
            raise _unfit("Files do not go through a pipe.", "Give a folder as OUT.")
        if path.exists() and not path.is_dir():
            raise _unfit(f"{path} is a file, and what comes is files.", "Give a folder as OUT.")
        require_writable(path / "any" if path.is_dir() else path)
    elif kind == REPORT:
        if path.suffix.lower() != ".json":
            raise _unfit(f"A report is JSON, and {path.name} says something else.", "Give OUT the ending .json.")
        require_writable(path)
    else:
        raise _unfit(f"This command line cannot write a result of kind {kind!r}.", "Update foveate.")


def write_parts(result: Result, path: Path, check: Check) -> list[Path]:
    """Write a report or files, and return all paths that were written; nothing where `check` refuses one of them."""
    if result.kind == FILES:
        return _write_files(result, path, check)
    return _write_reports(result, path, check)


def _write_files(result: Result, folder: Path, check: Check) -> list[Path]:
    paths = [folder / file.name for file in result.files]
    for path in paths:
        check(path)
    folder.mkdir(exist_ok=True)
    for file, path in zip(result.files, paths, strict=True):
        save_bytes(file.content, path, check)
    return paths


def _write_reports(result: Result, path: Path, check: Check) -> list[Path]:
    """Write what one item found as it is, and that of several as a list; drawings are numbered where there are some."""
    drawings = [report.drawing for report in result.reports if report.drawing is not None]
    numbers = [""] if len(drawings) == 1 else [f"-{number}" for number in range(1, len(drawings) + 1)]
    pictures = [path.with_name(f"{path.stem}{number}.png") for number in numbers[: len(drawings)]]
    for each in (path, *pictures):
        check(each)
    found: list[Json] = [report.data for report in result.reports]
    text = json.dumps(found[0] if len(found) == 1 else found, indent=2, ensure_ascii=False)
    save_bytes(f"{text}\n".encode(), path, check)
    for drawing, target in zip(drawings, pictures, strict=True):
        save(prepare(_picture(drawing), target), target, check=check)
    return [path, *pictures]


def _picture(drawing: Image) -> Picture:
    return Picture(from_wire(drawing.data, drawing.format, drawing.extent), drawing.format.channels)


def _unfit(problem: str, remedy: str) -> InputError:
    return InputError(problem, code=ErrorCode.INVALID_FILE, remedy=remedy)
