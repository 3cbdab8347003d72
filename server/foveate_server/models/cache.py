"""The cache folder: one folder per model, whole or not there at all.

CACHE/NAME/             the files of a model, and its licence; verified when they came
CACHE/NAME/entry.json   of a model that the user added: what it is
CACHE/.partial/NAME/    what an unfinished download has brought so far
CACHE/.locks/NAME.lock  held while a model is fetched, so that two processes do not fetch it twice
"""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from foveate_server.models.entry import ModelEntry, entry_from_mapping, entry_to_mapping
from foveate_server.models.progress import Progress
from foveate_shared.errors import ErrorCode, InputError, ResourceError

_ENTRY = "entry.json"
_LOCK_POLL_SECONDS = 0.25
_SPARE_BYTES = 64 << 20  # left free on the disk, for everything else


class Cache:
    """Files of models on disk. Safe to share between processes."""

    def __init__(self, folder: Path) -> None:
        self._root = folder

    def folder(self, name: str) -> Path:
        """Return where the files of the model `name` lie, if they do."""
        return self._root / name

    def has(self, entry: ModelEntry) -> bool:
        """Tell whether all files are there, by name and size alone."""
        return _is_complete(self.folder(entry.name), entry)

    @contextmanager
    def locked(self, entry: ModelEntry, progress: Progress) -> Iterator[None]:
        """Hold the model's lock; while waiting for another process, `progress` may cancel."""
        locks = self._root / ".locks"
        with storage_errors(self._root):
            locks.mkdir(parents=True, exist_ok=True)
        lock = FileLock(locks / f"{entry.name}.lock")
        while True:
            try:
                lock.acquire(timeout=_LOCK_POLL_SECONDS)
                break
            except Timeout:
                progress(0, entry.size)
        try:
            yield
        finally:
            lock.release()

    def staging(self, entry: ModelEntry) -> Path:
        """Return the folder for an unfinished download, which may hold an earlier attempt's bytes."""
        folder = self._root / ".partial" / entry.name
        with storage_errors(self._root):
            folder.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(folder).free
        if free < entry.size + _SPARE_BYTES:
            raise _full(self._root, f"{entry.size / 1e6:.0f} MB are needed, {free / 1e6:.0f} MB are free")
        return folder

    def discard_staging(self, entry: ModelEntry) -> None:
        """Forget an unfinished download."""
        shutil.rmtree(self._root / ".partial" / entry.name, ignore_errors=True)

    def publish(self, entry: ModelEntry, folder: Path, *, describe: bool) -> None:
        """Turn the staging `folder` into the model's own; with `describe`, its entry becomes part of it."""
        with storage_errors(self._root):
            if describe:
                text = json.dumps(entry_to_mapping(entry), indent=2, ensure_ascii=False)
                (folder / _ENTRY).write_text(text, encoding="utf-8")
            target = self.folder(entry.name)
            shutil.rmtree(target, ignore_errors=True)
            folder.replace(target)

    def remove(self, name: str) -> bool:
        """Delete the model's files; return whether there were any."""
        folder = self.folder(name)
        existed = folder.is_dir()
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(self._root / ".partial" / name, ignore_errors=True)
        return existed

    def added(self) -> list[ModelEntry]:
        """Return the entries of models that users added, by name. Unreadable ones are left out."""
        entries = []
        for path in sorted(self._root.glob(f"*/{_ENTRY}")):
            try:
                entry = entry_from_mapping(json.loads(path.read_text(encoding="utf-8")))
            except (OSError, ValueError, InputError):
                continue  # a broken description must not hide the other models; `add` overwrites it
            if entry.name == path.parent.name:
                entries.append(entry)
        return entries


def is_intact(folder: Path, entry: ModelEntry) -> bool:
    """Tell whether `folder` holds all files of `entry` with the right sizes and hashes."""
    return _is_complete(folder, entry) and all(sha256_of(folder / file.name) == file.sha256 for file in entry.files)


def sha256_of(path: Path) -> str:
    """Return the hash of a file, as hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as reader:
        while chunk := reader.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


@contextmanager
def storage_errors(folder: Path) -> Iterator[None]:
    """Turn a full or read-only disk under `folder` into a ResourceError."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _full(folder, "no space is left") from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise ResourceError(
                f"The folder for models, {folder}, cannot be written to.",
                code=ErrorCode.MODEL_UNAVAILABLE,
                remedy="Give yourself the right to write there, or choose another folder for models.",
            ) from error
        raise


def _is_complete(folder: Path, entry: ModelEntry) -> bool:
    try:
        return all((folder / file.name).stat().st_size == file.size for file in entry.files)
    except OSError:
        return False


def _full(folder: Path, reason: str) -> ResourceError:
    return ResourceError(
        f"The disk with the folder for models, {folder}, is too full: {reason}.",
        code=ErrorCode.STORAGE_FULL,
        remedy="Free some space, or choose a folder for models on another disk.",
    )
