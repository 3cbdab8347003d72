"""Which folder holds this host's jobs: machines that share a home share the path of the spool, and no database."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from foveate_shared.connection.private_files import write_private
from foveate_shared.connection.process_place import ProcessPlace, by_name_alone, kept_by_this_host, machine_id
from foveate_shared.errors import ServerError

_OWNER = "host.json"  # in the folder: who used it last
_TIME_TO_SIGN = 5.0  # seconds between a host's lock and its name, at most: the folder may be on another machine's disk
_POLL = 0.02  # seconds between two looks


@dataclass(frozen=True)
class SpoolOwner:
    """A host, as a spool remembers it."""

    host: str
    machine: str = ""  # stays the same where the host is renamed; empty where the system does not tell

    @classmethod
    def here(cls) -> SpoolOwner:
        """Return this host."""
        return cls(ProcessPlace.here().host, machine_id())

    def is_another_than(self, other: SpoolOwner) -> bool:
        """Tell whether this is not `other`, and not that under a new name, either."""
        is_alike = self.host == other.host and not (self.machine and other.machine)
        return self.machine != other.machine and not is_alike


def take_folder(folder: Path) -> tuple[Path, FileLock]:
    """Return the folder of this host's jobs, made where it is missing, and locked.

    It is `folder` for the host that came first, even under a new name, and a folder beside it for each other one.
    Raises OSError, ResourceError, and ServerError where another server of this host has it.
    """
    here = SpoolOwner.here()
    own = _own_beside(folder, here)
    lock = None if own.is_dir() else _lock_unless_anothers(folder, here)
    if lock is None:
        folder, lock = own, _lock(own)
    try:
        if _owner(folder) != here:
            write_private(folder / _OWNER, json.dumps(asdict(here)) + "\n")
    except BaseException:
        lock.release()
        raise
    return folder, lock


def _own_beside(folder: Path, here: SpoolOwner) -> Path:
    """Return this host's folder beside `folder`; one that it has from an older version stays."""
    own, before = kept_by_this_host(folder), by_name_alone(folder)
    is_kept = before.is_dir() and not own.is_dir() and not (_owner(before) or here).is_another_than(here)
    return before if is_kept else own


def _lock(folder: Path) -> FileLock:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    lock = FileLock(folder / "lock", mode=0o600)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise ServerError(
            "Another server uses the job store {path}.",
            remedy="Use that server, or give this one another data folder (FOVEATE_DATA_DIR).",
            path=folder,
        ) from None
    return lock


def _lock_unless_anothers(folder: Path, here: SpoolOwner) -> FileLock | None:
    """Return the lock of a folder, None where the folder is another host's.

    Raises as `take_folder`.
    """
    if _belongs_to_another(folder, here):
        return None
    try:
        lock = _lock(folder)
    except ServerError:
        holder = _named_holder(folder) or here
        if holder.host == here.host and not holder.is_another_than(here):
            raise
        return None
    if _belongs_to_another(folder, here):  # that came and went since the first look
        lock.release()
        return None
    return lock


def _belongs_to_another(folder: Path, here: SpoolOwner) -> bool:
    owner = _owner(folder)
    return owner is not None and owner.is_another_than(here)


def _named_holder(folder: Path) -> SpoolOwner | None:
    """Return who holds the lock; None where it does not say so. A host that has just taken it is about to."""
    deadline = time.monotonic() + _TIME_TO_SIGN
    while (holder := _owner(folder)) is None and time.monotonic() < deadline:
        time.sleep(_POLL)
    return holder


def _owner(folder: Path) -> SpoolOwner | None:
    try:
        return SpoolOwner(**json.loads((folder / _OWNER).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None
