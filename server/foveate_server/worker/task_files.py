"""The files of a task: windows come in mapped, results go out whole."""

from __future__ import annotations

import errno
import mmap
import os
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from foveate_server.imaging import samples
from foveate_server.operations.contract import WindowData
from foveate_server.tasks.item_task import TaskFile, TaskPatch, TaskReport, TaskSelection, WindowFile
from foveate_shared.errors import ErrorCode, ResourceError, ServerError
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.i18n.sentence import Sentence
from foveate_shared.pixels import Channels, PixelFormat, SampleType
from foveate_shared.wire.protocol import MAX_BLOB_BYTES, JsonObject
from foveate_shared.wire.rules import is_file_name

Data = bytes | memoryview
_COVERAGE_TYPES = {1: SampleType.U8, 2: SampleType.U16, 4: SampleType.F32}  # by the bytes of a sample
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT) if hasattr(errno, "EDQUOT") else (errno.ENOSPC,)


def open_windows(files: Mapping[str, WindowFile], pixel_format: PixelFormat) -> dict[str, WindowData]:
    """Return the windows of a task, mapped read-only; pages are read when they are looked at.

    `pixel_format` is the document's.

    Coverage is (height, width), top row first. Raises ServerError where a file is missing or has another size than
    its extent says.
    """
    return {name: _open_window(file, pixel_format) for name, file in files.items()}


def _open_window(file: WindowFile, pixel_format: PixelFormat) -> WindowData:
    pixels = _map(file.pixels, (file.format or pixel_format).size(file.extent))
    if file.coverage is None or file.coverage_format is None:
        return WindowData(file.bounds, file.extent, pixels, None, file.source)
    data = _map(file.coverage, file.coverage_format.size(file.extent))
    coverage = samples.view(data, file.coverage_format, file.extent)[..., 0]
    return WindowData(file.bounds, file.extent, pixels, coverage, file.source)


def _map(path: Path, size: int) -> memoryview:
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno()).st_size
            if found != size:
                raise _damaged(path, Sentence("it has {found} bytes instead of {size}", found=found, size=size))
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except OSError as error:
        raise _damaged(path, error.strerror or "it cannot be read") from error


def _damaged(path: Path, reason: str) -> ServerError:
    return ServerError(
        "The stored pixels {path} cannot be used: {reason}.",
        remedy="Submit the job again. Did another program change the server's spool folder?",
        path=path.name,
        reason=Sentence(reason),
    )


class ResultWriter:
    """Writes a result's parts into the folder of a task.

    A name without `.part` is a complete file, and is never reused. Raises ResourceError (STORAGE_FULL) where there is
    no room; then there is no new file.
    """

    def __init__(self, folder: Path, pixel_format: PixelFormat) -> None:
        self._folder = folder
        self._format = pixel_format

    def patch(self, bounds: Bounds, pixels: Data, coverage: Data | None) -> TaskPatch:
        """Return the patch once its files are on disk. Raises ValueError for sizes that do not fit `bounds`."""
        if bounds.is_empty or memoryview(pixels).nbytes != self._format.size(bounds.extent):
            raise ValueError(f"a patch of {memoryview(pixels).nbytes} bytes does not fit {bounds} in {self._format}")
        coverage_format = None if coverage is None else _coverage_format(bounds, coverage)
        pixels_path = self._new("pixels")
        if coverage is None:
            _write_whole({pixels_path: pixels})
            return TaskPatch(bounds, pixels_path, None, None)
        coverage_path = self._new("coverage")
        _write_whole({pixels_path: pixels, coverage_path: coverage})
        return TaskPatch(bounds, pixels_path, coverage_path, coverage_format)

    def selection(self, bounds: Bounds, coverage: Data) -> TaskSelection:
        """Return the part of a selection once its file is on disk. Raises ValueError for a size that does not fit."""
        if bounds.is_empty:
            raise ValueError(f"{bounds} select nothing")
        coverage_format = _coverage_format(bounds, coverage)
        path = self._new("coverage")
        _write_whole({path: coverage})
        return TaskSelection(bounds, path, coverage_format)

    def report(self, data: JsonObject, drawing: NDArray[np.uint8] | None) -> TaskReport:
        """Return the report once its drawing, (height, width, 3), is on disk. Raises ValueError for another shape."""
        if drawing is None:
            return TaskReport(data, None, None)
        if drawing.dtype != np.uint8 or drawing.ndim != 3 or drawing.shape[2] != 3 or not drawing.size:
            raise ValueError(f"a drawing of {drawing.dtype} {drawing.shape} is none")
        path = self._new("pixels")
        _write_whole({path: drawing.tobytes()})
        return TaskReport(data, path, Extent(drawing.shape[1], drawing.shape[0]))

    def file(self, name: str, content: Data, media_type: str) -> TaskFile:
        """Return the file once it is on disk. Raises ValueError for a name that is none, or for too large a content."""
        if not is_file_name(name) or memoryview(content).nbytes > MAX_BLOB_BYTES:
            raise ValueError(f"{name!r} with {memoryview(content).nbytes} bytes cannot be a file of a result")
        path = self._new("content")
        _write_whole({path: content})
        return TaskFile(name, media_type, path)

    def _new(self, ending: str) -> Path:
        return self._folder / f"{uuid.uuid4().hex}.{ending}"


def _coverage_format(bounds: Bounds, coverage: Data) -> PixelFormat:
    size, rest = divmod(memoryview(coverage).nbytes, bounds.area)
    if rest or size not in _COVERAGE_TYPES:
        raise ValueError(f"coverage of {memoryview(coverage).nbytes} bytes does not fit {bounds}")
    return PixelFormat(_COVERAGE_TYPES[size], Channels.Y)


def _write_whole(contents: Mapping[Path, Data]) -> None:
    """Write all files or none of them."""
    parts = {path: path.with_name(f"{path.name}.part") for path in contents}
    try:
        for path, data in contents.items():
            _write_durably(parts[path], data)
        for path, part in parts.items():
            part.replace(path)
    except OSError as error:
        for leftover in (*parts.values(), *contents):
            with suppress(OSError):
                leftover.unlink()
        raise _unwritable(error) from error


def _write_durably(path: Path, data: Data) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _unwritable(error: OSError) -> ResourceError:
    if error.errno in _NO_ROOM:
        return ResourceError(
            "The disk is full: the result could not be stored.",
            code=ErrorCode.STORAGE_FULL,
            remedy="Free some space where the server keeps its data, then try again.",
        )
    return ResourceError(
        "The result could not be stored: {reason}.",
        code=ErrorCode.STORAGE_FULL,
        remedy="Check the folder where the server keeps its data, then try again.",
        reason=error.strerror or error,
    )
