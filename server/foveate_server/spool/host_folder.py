"""Which folder holds this host's jobs: machines that share a home share the path of the spool, and no database."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from foveate_shared.connection.private_files import write_private
from foveate_shared.connection.process_place import ProcessPlace, of_this_host
from foveate_shared.errors import ServerError

_OWNER = "host.json"  # in the folder: who used it last
_MACHINE_ID = Path("/etc/machine-id")  # Linux


@dataclass(frozen=True)
class SpoolOwner:
    """A host, as a spool remembers it."""

    host: str
    machine: str = ""  # stays the same where the host is renamed; empty where the system does not tell

    @classmethod
    def here(cls) -> SpoolOwner:
        """Return this host."""
        try:
            return cls(ProcessPlace.here().host, _MACHINE_ID.read_text(encoding="ascii").strip())
        except (OSError, UnicodeDecodeError):
            return cls(ProcessPlace.here().host)


def take_folder(folder: Path) -> tuple[Path, FileLock]:
    """Return the folder of this host's jobs, made where it is missing, and locked.

    It is `folder` for the host that came first, even under a new name, and a folder beside it for each other one.
    Raises OSError, ResourceError, and ServerError where another server of this host has it.
    """
    own = of_this_host(folder)
    here, before = SpoolOwner.here(), _owner(folder)
    if own.is_dir() or (before and before.host != here.host and before.machine != here.machine):
        return _locked(own, here)
    try:
        return _locked(folder, here)
    except ServerError:
        if (_owner(folder) or here).host == here.host:
            raise
    return _locked(own, here)


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
