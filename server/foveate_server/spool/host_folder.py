"""Which folder holds this host's jobs: machines that share a home share the path of the spool, and no database."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from foveate_shared.connection.private_files import write_private
from foveate_shared.connection.process_place import ProcessPlace, by_name_alone, kept_by_this_host, machine_id
from foveate_shared.errors import ServerError

_OWNER = "host.json"  # in the folder: who used it last


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
    here, before = SpoolOwner.here(), _owner(folder)
    own = _own_beside(folder, here)
    if own.is_dir() or (before and before.is_another_than(here)):
        return _locked(own, here)
    try:
        return _locked(folder, here)
    except ServerError:
        holder = _owner(folder) or here
        if holder.host == here.host and not holder.is_another_than(here):
            raise
    return _locked(own, here)


def _own_beside(folder: Path, here: SpoolOwner) -> Path:
    """Return this host's folder beside `folder`; one that it has from an older version stays."""
    own, before = kept_by_this_host(folder), by_name_alone(folder)
    is_kept = before.is_dir() and not own.is_dir() and not (_owner(before) or here).is_another_than(here)
    return before if is_kept else own


def _locked(folder: Path, here: SpoolOwner) -> tuple[Path, FileLock]:
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
    try:
        if _owner(folder) != here:
            write_private(folder / _OWNER, json.dumps(asdict(here)) + "\n")
    except BaseException:
        lock.release()
        raise
    return folder, lock


def _owner(folder: Path) -> SpoolOwner | None:
    try:
        return SpoolOwner(**json.loads((folder / _OWNER).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None
