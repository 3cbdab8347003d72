"""The files of a task: windows come in mapped, patches go out whole."""

from __future__ import annotations

import errno
import mmap
import os
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from foveate_server.imaging import samples
from foveate_server.operations.contract import WindowData
from foveate_server.tasks.task import TaskPatch, WindowFile
from foveate_shared.errors import ErrorCode, ResourceError, ServerError
from foveate_shared.geometry import Bounds
from foveate_shared.pixels import Channels, PixelFormat, SampleType

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
                raise _damaged(path, f"it has {found} bytes instead of {size}")
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except OSError as error:
        raise _damaged(path, error.strerror or "it cannot be read") from error


def _damaged(path: Path, reason: str) -> ServerError:
    return ServerError(
        f"The stored pixels {path.name} cannot be used: {reason}.",
        remedy="Submit the job again. Did another program change the server's spool folder?",
    )


class PatchWriter:
    """Writes patches into the folder of a task. A name without `.part` is a complete file, and is never reused."""

    def __init__(self, folder: Path, pixel_format: PixelFormat) -> None:
        self._folder = folder
        self._format = pixel_format

    def write(self, bounds: Bounds, pixels: Data, coverage: Data | None) -> TaskPatch:
        """Return the patch once its files are on disk.

        Raises ValueError for sizes that do not fit `bounds`, ResourceError (STORAGE_FULL) where there is no room;
        then there is no new file.
        """
        if bounds.is_empty or memoryview(pixels).nbytes != self._format.size(bounds.extent):
            raise ValueError(f"a patch of {memoryview(pixels).nbytes} bytes does not fit {bounds} in {self._format}")
        coverage_format = None if coverage is None else _coverage_format(bounds, coverage)
        name = uuid.uuid4().hex
        pixels_path = self._folder / f"{name}.pixels"
        if coverage is None:
            _write_whole({pixels_path: pixels})
            return TaskPatch(bounds, pixels_path, None, None)
        coverage_path = self._folder / f"{name}.coverage"
        _write_whole({pixels_path: pixels, coverage_path: coverage})
        return TaskPatch(bounds, pixels_path, coverage_path, coverage_format)


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
        f"The result could not be stored: {error.strerror or error}.",
        code=ErrorCode.STORAGE_FULL,
        remedy="Check the folder where the server keeps its data, then try again.",
    )
