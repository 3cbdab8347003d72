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
PATIENCE = 10.0  # seconds: a host that has just locked the folder is about to sign it, and a server may be ending
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
    for candidate in (own,) if own.is_dir() else (folder, own):
        if lock := _locked_unless_anothers(candidate, here):
            return candidate, _signed(candidate, here, lock)
    raise _in_use(own)


def _own_beside(folder: Path, here: SpoolOwner) -> Path:
    """Return this host's folder beside `folder`; one that it has from an older version stays."""
    own, before = kept_by_this_host(folder), by_name_alone(folder)
    is_kept = before.is_dir() and not own.is_dir() and not (_owner(before) or here).is_another_than(here)
    return before if is_kept else own


def _locked_unless_anothers(folder: Path, here: SpoolOwner) -> FileLock | None:
    """Return the folder's lock, None where the folder is another host's.

    Raises as `take_folder`, once the holder has had its time to sign, and a server of this host its time to end.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    lock = FileLock(folder / "lock", mode=0o600)
    deadline = time.monotonic() + PATIENCE
    while not _belongs_to_another(folder, here):
        try:
            lock.acquire(timeout=0)
        except Timeout:
            holder = _owner(folder) or here
            if holder.host != here.host:  # with the same id: a container, or a name that was changed
                return None
            if time.monotonic() >= deadline:
                raise _in_use(folder) from None
            time.sleep(_POLL)
            continue
        if not _belongs_to_another(folder, here):  # that came and went since the last look
            return lock
        lock.release()
    return None


def _signed(folder: Path, here: SpoolOwner, lock: FileLock) -> FileLock:
    """Write down whose the locked folder is; return the lock."""
    try:
        if _owner(folder) != here:
            write_private(folder / _OWNER, json.dumps(asdict(here)) + "\n")
    except BaseException:
        lock.release()
        raise
    return lock


def _in_use(folder: Path) -> ServerError:
    return ServerError(
        "Another server uses the job store {path}.",
        remedy="Use that server, or give this one another data folder (FOVEATE_DATA_DIR).",
        path=folder,
    )


def _belongs_to_another(folder: Path, here: SpoolOwner) -> bool:
    owner = _owner(folder)
    return owner is not None and owner.is_another_than(here)


def _owner(folder: Path) -> SpoolOwner | None:
    try:
        return SpoolOwner(**json.loads((folder / _OWNER).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None
