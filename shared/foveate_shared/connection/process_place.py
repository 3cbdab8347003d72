"""Where a process's number means something, and which machine that is: elsewhere it is another's, or nobody's."""

from __future__ import annotations

import hashlib
import re
import socket
from dataclasses import dataclass
from pathlib import Path

MACHINE_ID = Path("/etc/machine-id")  # Linux; of an installation, and the same over restarts: see machine-id(5)
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")  # Linux
_PROCESSES = Path("/proc/self/ns/pid")  # likewise, as all below
_NETWORK = Path("/proc/self/ns/net")
_MACHINE = re.compile("[0-9a-f]{32}")  # what the file holds, unless nobody has given the machine an id yet
_KEY_LENGTH = 8
_STARTTIME = 19  # its position in /proc/PID/stat behind the name: see proc_pid_stat(5)


@dataclass(frozen=True)
class ProcessPlace:
    """A machine since its start, as far as a process sees it."""

    host: str
    boot: str = ""  # changes with every start of the machine; empty where the system does not tell
    namespace: str = ""  # of process numbers: containers have their own; empty where there are none

    @classmethod
    def here(cls) -> ProcessPlace:
        """Return where this process is."""
        return cls(socket.gethostname(), _boot_id(), _namespace(_PROCESSES))


@dataclass(frozen=True)
class SharingMachine:
    """A machine among those that share a home. Two may have one name, such as "localhost" or that of a cloned disk."""

    host: str
    key: str = ""  # tells machines of one name apart; empty where the system does not tell, or an older version wrote

    @classmethod
    def here(cls) -> SharingMachine:
        """Return this machine, or container: without an id of its own, one has its network until it is started anew."""
        network = _namespace(_NETWORK)
        return cls(socket.gethostname(), _hashed(machine_id() or (network and _boot_id() + network)))

    def is_another_than(self, other: SharingMachine) -> bool:
        """Tell whether this is known not to be `other`."""
        return self.host != other.host or bool(self.key and other.key and self.key != other.key)


def machine_id() -> str:
    """Return what stays the same where the machine is renamed; empty where the system does not tell."""
    try:
        found = _MACHINE.fullmatch(MACHINE_ID.read_text(encoding="ascii").strip())
    except (OSError, UnicodeDecodeError):
        return ""
    return found[0] if found else ""


def of_this_host(path: Path) -> Path:
    """Return the file beside `path` that is this machine's own while it runs, where several share a home."""
    return _beside(path, SharingMachine.here().key)


def kept_by_this_host(path: Path) -> Path:
    """Return what is this machine's own also after it was started anew."""
    return _beside(path, _hashed(machine_id()))


def by_name_alone(path: Path) -> Path:
    """Return what both gave in versions that told machines apart by their names alone."""
    return _beside(path, "")


def _beside(path: Path, key: str) -> Path:
    host = re.sub(r"[^A-Za-z0-9._-]", "_", socket.gethostname())
    return path.with_name("".join((path.stem, "@", host, "-" if key else "", key, path.suffix)))


def _hashed(text: str) -> str:
    """Return a short key that tells nothing about `text`: the machine's id is nobody else's business."""
    return hashlib.sha256(text.encode()).hexdigest()[:_KEY_LENGTH] if text else ""


def birth_of(pid: int) -> int | None:
    """Return when a process began, in ticks since the machine's start; None where the system does not tell.

    A number that was given to another process since is told from it by this.
    """
    try:
        facts = Path("/proc", str(pid), "stat").read_text(encoding="ascii", errors="replace")
        return int(facts.rpartition(")")[2].split()[_STARTTIME])
    except (OSError, ValueError, IndexError):
        return None


def mark_of(pid: int) -> str:
    """Return what tells a process from all others, of any machine and any time; empty where the system does not tell.

    So a mark speaks of a process that runs here where its number has the same mark now: see :func:`is_marked_running`.
    """
    birth = birth_of(pid)
    if birth is None:
        return ""
    here = ProcessPlace.here()
    return f"{pid}:{birth}:{_hashed(f'{here.host} {here.boot} {here.namespace}')}"


def is_marked_running(mark: str) -> bool:
    """Tell whether the process of a mark is known to run: here, and still the same one."""
    pid = mark.partition(":")[0]
    return pid.isascii() and pid.isdecimal() and mark_of(int(pid)) == mark


def _boot_id() -> str:
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _namespace(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""
