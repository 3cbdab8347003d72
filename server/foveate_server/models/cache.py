"""The cache folder: one folder per model, whole or not there at all.

CACHE/NAME/             the files of a model, and its licence; verified when they came
CACHE/NAME/entry.json   of a model that the user added: what it is; alone, where the files are yet to be fetched
CACHE/.partial/NAME/    what an unfinished download has brought so far
CACHE/.locks/NAME.lock  held while a model is fetched, so that two processes do not fetch it twice
CACHE/.verified/NAME    sizes and times of files whose hashes were right, so that gigabytes are not read at every start
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from foveate_server.models.download_progress import DownloadProgress, Shifted, silent
from foveate_server.models.entry import ENTRY_FILE, ModelEntry, entry_from_mapping, entry_to_mapping
from foveate_shared.errors import ErrorCode, InputError, ResourceError
from foveate_shared.i18n.sentence import Sentence

_LOCK_POLL_SECONDS = 0.25
_SPARE_BYTES = 64 << 20  # left free on the disk, for everything else
LONG_BYTES = 64 << 20  # of a file whose hash takes a while
SETTLED_NANOSECONDS = 1_000_000_000  # a file that changed less than this before it was verified may yet change unseen


class Cache:
    """Files of models on disk. Safe to share between processes."""

    def __init__(self, folder: Path) -> None:
        self._root = folder
        # What was read of descriptions, by path, as every job asks for all of them. Any thread may, and reads the same.
        self._described: dict[str, tuple[tuple[int, ...], ModelEntry | None]] = {}

    @property
    def root(self) -> Path:
        """Return the cache folder."""
        return self._root

    def folder(self, name: str) -> Path:
        """Return where the files of the model `name` lie, if they do."""
        return self._root / name

    def has(self, entry: ModelEntry) -> bool:
        """Tell whether all files are there, by name and size alone."""
        return _is_complete(self.folder(entry.name), entry)

    def intact(self, entry: ModelEntry, progress: DownloadProgress = silent) -> bool:
        """Tell whether all files are there with the right hashes. What did not change since is not read again."""
        folder = self.folder(entry.name)
        if not _is_complete(folder, entry):
            return False
        known, stamps = self._verified(entry.name), _stamps(folder, entry)
        if all(known.get(name) == stamp for name, stamp in stamps.items()):
            return True
        if not is_intact(folder, entry, progress):
            return False
        if _stamps(folder, entry) == stamps:  # else it is being changed
            self._remember(entry.name, stamps)
        return True

    @contextmanager
    def locked(self, entry: ModelEntry, progress: DownloadProgress) -> Iterator[None]:
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
        folder = self.unfinished(entry.name)
        with storage_errors(self._root):
            there = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
            free = shutil.disk_usage(folder).free
        if entry.source.kind != "file" and free + there < entry.size + _SPARE_BYTES:  # files may be linked
            raise _full(
                self._root,
                Sentence(
                    "{needed:.0f} MB are needed, {free:.0f} MB are free", needed=entry.size / 1e6, free=free / 1e6
                ),
            )
        return folder

    def unfinished(self, name: str) -> Path:
        """Return the folder for what is not whole yet of the model `name`, whatever its size will be."""
        folder = self._root / ".partial" / name
        with storage_errors(self._root):
            folder.mkdir(parents=True, exist_ok=True)
        return folder

    def record(self, entry: ModelEntry) -> None:
        """Keep the description of a model whose files are yet to be fetched."""
        with storage_errors(self._root):
            folder = self.folder(entry.name)
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            _describe(entry, folder)

    def discard_staging(self, entry: ModelEntry) -> None:
        """Forget an unfinished download."""
        shutil.rmtree(self._root / ".partial" / entry.name, ignore_errors=True)

    def publish(self, entry: ModelEntry, folder: Path, *, describe: bool) -> None:
        """Turn the verified staging `folder` into the model's own; with `describe`, its entry becomes part of it."""
        with storage_errors(self._root):
            if describe:
                _describe(entry, folder)
            target = self.folder(entry.name)
            shutil.rmtree(target, ignore_errors=True)
            folder.replace(target)
            self._remember(entry.name, _stamps(target, entry))

    def remove(self, name: str) -> bool:
        """Delete the model's files; return whether there were any."""
        folder = self.folder(name)
        existed = folder.is_dir()
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(self._root / ".partial" / name, ignore_errors=True)
        (self._root / ".verified" / name).unlink(missing_ok=True)
        return existed

    def added(self) -> list[ModelEntry]:
        """Return the entries of models that users added, by name. Unreadable ones are left out."""
        try:
            names = sorted(name for name in os.listdir(self._root) if not name.startswith("."))  # noqa: PTH208 - as below
        except OSError:
            return []
        found = (self._description(f"{self._root}{os.sep}{name}{os.sep}{ENTRY_FILE}", name) for name in names)
        return [entry for entry in found if entry is not None]

    def _description(self, path: str, name: str) -> ModelEntry | None:
        """Return the entry that is described at `path`; None where that cannot be read, or is another one's.

        A broken description must not hide the other models; `add` overwrites it.
        """
        try:
            status = os.stat(path)  # noqa: PTH116 - for hundreds of models at a time, Path is slow
            stamp = (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)
            known = self._described.get(path)
            if known is not None and known[0] == stamp:
                return known[1]
            entry = entry_from_mapping(json.loads(Path(path).read_text(encoding="utf-8")))
        except (OSError, ValueError, InputError):
            return None
        result = entry if entry.name == name else None
        if time.time_ns() - max(stamp[:2]) > SETTLED_NANOSECONDS:
            self._described[path] = (stamp, result)
        return result

    def _verified(self, name: str) -> dict[str, list[object]]:
        try:
            known = json.loads((self._root / ".verified" / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}

    def _remember(self, name: str, stamps: Mapping[str, list[int | str]]) -> None:
        now = time.time_ns()
        stamps = {path: stamp for path, stamp in stamps.items() if now - int(stamp[1]) > SETTLED_NANOSECONDS}
        with suppress(OSError):  # then the files are read again next time
            (self._root / ".verified").mkdir(exist_ok=True)
            (self._root / ".verified" / name).write_text(json.dumps(stamps), encoding="utf-8")


def _stamps(folder: Path, entry: ModelEntry) -> dict[str, list[int | str]]:
    """Return what each file has that was verified: bytes, nanoseconds of its last change, and the hash."""
    found = {file: (folder / file.name).stat() for file in entry.files}
    return {file.name: [status.st_size, status.st_mtime_ns, file.sha256] for file, status in found.items()}


def _describe(entry: ModelEntry, folder: Path) -> None:
    text = json.dumps(entry_to_mapping(entry), indent=2, ensure_ascii=False)
    (folder / ENTRY_FILE).write_text(text, encoding="utf-8")


def is_intact(folder: Path, entry: ModelEntry, progress: DownloadProgress = silent) -> bool:
    """Tell whether `folder` holds all files of `entry` with the right sizes and hashes.

    `progress` hears of it where it takes long enough to be taken for a standstill, and may cancel it.
    """
    if not _is_complete(folder, entry):
        return False
    done = 0
    for file in entry.files:
        heard = Shifted(progress, done, entry.size) if file.size >= LONG_BYTES else silent
        if sha256_of(folder / file.name, heard) != file.sha256:
            return False
        done += file.size
    return True


def sha256_of(path: Path, progress: DownloadProgress = silent) -> str:
    """Return the hash of a file, as hexadecimal digits."""
    digest, total = hashlib.sha256(), path.stat().st_size
    with path.open("rb") as reader:
        while chunk := reader.read(1 << 20):
            digest.update(chunk)
            progress(reader.tell(), total)
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
                "The folder for models, {folder}, cannot be written to.",
                code=ErrorCode.MODEL_UNAVAILABLE,
                remedy="Give yourself the right to write there, or choose another folder for models.",
                folder=folder,
            ) from error
        raise


def _is_complete(folder: Path, entry: ModelEntry) -> bool:
    try:
        # Asked of each model for each job, so without a Path each.
        sizes = [os.stat(f"{folder}{os.sep}{file.name}").st_size == file.size for file in entry.files]  # noqa: PTH116
        return bool(sizes) and all(sizes)
    except OSError:
        return False


def _full(folder: Path, reason: str) -> ResourceError:
    return ResourceError(
        "The disk with the folder for models, {folder}, is too full: {reason}.",
        code=ErrorCode.STORAGE_FULL,
        remedy="Free some space, or choose a folder for models on another disk.",
        folder=folder,
        reason=Sentence(reason),
    )
