"""The spool's files: uploads that come in, windows and results of jobs, and the account of the disk that they take."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from foveate_server.config.parse_values import size_text
from foveate_server.spool.database_rows import WindowRow
from foveate_shared.errors import ErrorCode, ResourceError, reason_of
from foveate_shared.i18n.sentence import Sentence

DISK_RESERVE = 64 << 20  # bytes of the disk that uploads leave alone, so that events and endings can still be written
_HASH_PIECE = 1 << 20  # bytes


def storage_full(problem: str, /, **values: object) -> ResourceError:
    """Return the error of a disk without room."""
    return ResourceError(
        Sentence.made_of(problem, values),
        code=ErrorCode.STORAGE_FULL,
        remedy="Take or discard results that wait, in the editor's list or with `foveate jobs`, free some space on the "
        "server's disk, or raise spool_quota in the server's settings.",
    )


class Account:
    """How many bytes the files take. May be used from any thread."""

    def __init__(self, folder: Path, quota: int) -> None:
        self.quota = quota
        self._folder = folder
        self._lock = Lock()
        self._used = 0  # bytes of files, and of uploads that are promised room

    @property
    def used(self) -> int:
        """Return the bytes taken or promised."""
        return self._used

    def reserve(self, size: int) -> None:
        """Promise room for `size` bytes. Raises ResourceError (storage_full) where there is none."""
        with self._lock:
            if self._used + size > self.quota:
                raise storage_full("The server's job store is full: it may take {size}.", size=size_text(self.quota))
            if shutil.disk_usage(self._folder).free < size + DISK_RESERVE:
                raise storage_full("The server's disk is full.")
            self._used += size

    def check(self, size: int) -> None:
        """Raise ResourceError (storage_full) where there is no room for `size` bytes."""
        self.reserve(size)
        self.add(-size)

    def add(self, size: int) -> None:
        """Count files that are there, room or not; a negative size for those that went."""
        with self._lock:
            self._used += size


class Upload:
    """A file that grows as chunks come in: the sink of a blob. Afterwards it stands for the complete file.

    It is opened for each chunk anew: clients may have hundreds under way, and a process has few file descriptors.
    """

    def __init__(self, path: Path, size: int, account: Account) -> None:
        """Raises ResourceError (storage_full) where there is no room for `size` bytes."""
        account.reserve(size)
        self._account: Account | None = account  # None once somebody else took the file over, or it is gone
        self.path = path
        self.size = size
        self.error: ResourceError | None = None  # the disk filled up on the way

    def write(self, data: memoryview) -> None:
        """Append; a full disk is remembered in :attr:`error`, for the connection's other blobs must go on."""
        if self.error:
            return
        try:
            with self.path.open("ab") as file:
                file.write(data)
        except OSError as error:
            self.error = storage_full("The server cannot store the pixels: {reason}.", reason=error.strerror)

    def finish(self) -> Upload:
        """Return what stands for the file."""
        return self

    def move_to(self, path: Path) -> None:
        """Put the complete file into its place; whoever owns that place has the account from here on."""
        self.path.replace(path)
        self._account = None

    def abort(self) -> None:
        """Delete the file."""
        if self._account:
            self.path.unlink(missing_ok=True)
            self._account.add(-self.size)
            self._account = None


@dataclass(frozen=True)
class KeptFile:
    """A file of a result in its place."""

    path: Path  # relative to the job's folder
    size: int  # bytes
    sha256: str


class JobFiles:
    """The folder of one job."""

    def __init__(self, folder: Path, account: Account) -> None:
        self.folder = folder
        self._account = account

    def create(self) -> None:
        """Make the folder. Raises ResourceError (storage_full) where that is impossible; a part of it may be there."""
        try:
            for name in ("windows", "patches", "work"):
                (self.folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise storage_full("The server cannot store the job: {reason}.", reason=reason_of(error)) from error

    def window_pixels(self, window: str) -> Path:
        """Return where a window's pixels lie."""
        return self.folder / "windows" / f"{_name(window)}.pixels"

    def window_coverage(self, window: str) -> Path:
        """Return where a window's coverage lies."""
        return self.folder / "windows" / f"{_name(window)}.coverage"

    def keep_window(self, window: str, pixels: Upload, coverage: Upload | None) -> None:
        """Move complete uploads to their place."""
        pixels.move_to(self.window_pixels(window))
        if coverage:
            coverage.move_to(self.window_coverage(window))

    def wipe_window(self, row: WindowRow) -> None:
        """Delete a window's files."""
        _unlink(self.window_pixels(row.id), self._account)
        _unlink(self.window_coverage(row.id), self._account)

    def work(self, item: str) -> Path:
        """Return an empty folder for what an item puts out."""
        folder = self.folder / "work" / _name(item)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, parents=True)
        return folder

    def wipe_work(self, item: str) -> None:
        """Delete what an item left behind."""
        shutil.rmtree(self.folder / "work" / _name(item), ignore_errors=True)

    def keep(self, files: Sequence[Path]) -> tuple[KeptFile, ...]:
        """Move the files of a part of the result to their place and measure them.

        Raises ResourceError (storage_full) where they have no room; they are deleted then.
        """
        try:
            self._account.reserve(sum(path.stat().st_size for path in files))
        except ResourceError:
            for path in files:
                path.unlink()
            raise
        return tuple(self._keep(path) for path in files)

    def _keep(self, path: Path) -> KeptFile:
        kept = Path("patches") / f"{uuid.uuid4().hex}{path.suffix}"
        path.replace(self.folder / kept)
        return KeptFile(kept, *_measure(self.folder / kept))

    def drop(self, files: Iterable[KeptFile]) -> None:
        """Delete files of a result."""
        for file in files:
            _unlink(self.folder / file.path, self._account)

    def wipe(self) -> None:
        """Delete everything."""
        self._account.add(-self.size())
        shutil.rmtree(self.folder, ignore_errors=True)

    def size(self) -> int:
        """Return the bytes of windows and results; what is wiped meanwhile counts nothing."""
        return sum(_size(path) or 0 for name in ("windows", "patches") for path in _listing(self.folder / name))

    def has_window(self, row: WindowRow) -> bool:
        """Tell whether a window's files are complete."""
        return _has(self.window_pixels(row.id), row.pixels_size) and (
            not row.coverage_size or _has(self.window_coverage(row.id), row.coverage_size)
        )

    def remove_orphans(self, windows: Iterable[WindowRow], result: Iterable[Path]) -> None:
        """Delete what no row names: files of a moment in which the server died. Nothing is running."""
        self.create()
        known = {self.folder / path for path in result}
        for row in windows:
            known |= {self.window_pixels(row.id), self.window_coverage(row.id)}
        for name in ("windows", "patches"):
            for path in _listing(self.folder / name):
                if path not in known:
                    path.unlink()
        for path in _listing(self.folder / "work"):
            shutil.rmtree(path, ignore_errors=True)


def _name(identifier: str) -> str:
    """Return a file's name for an id that may hold any printable character."""
    return hashlib.sha256(identifier.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _measure(path: Path) -> tuple[int, str]:
    digest = hashlib.sha256()
    size = 0
    with path.open("rb") as file:
        while piece := file.read(_HASH_PIECE):
            digest.update(piece)
            size += len(piece)
    return size, digest.hexdigest()


def _unlink(path: Path, account: Account) -> None:
    with contextlib.suppress(FileNotFoundError):
        size = path.stat().st_size
        path.unlink()
        account.add(-size)


def _has(path: Path, size: int) -> bool:
    return _size(path) == size


def _size(path: Path) -> int | None:
    """Return a file's bytes; None where it is gone."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def _listing(folder: Path) -> list[Path]:
    try:
        return [Path(entry.path) for entry in os.scandir(folder)]
    except FileNotFoundError:
        return []
