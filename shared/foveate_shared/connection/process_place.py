"""Where a process's number means something: elsewhere it is another process's, or nobody's."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")  # Linux
_NAMESPACE = Path("/proc/self/ns/pid")  # likewise
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
        return cls(socket.gethostname(), _boot_id(), _namespace())


def of_this_host(path: Path) -> Path:
    """Return the file or folder beside `path` that is this host's own, where several share a home."""
    host = re.sub(r"[^A-Za-z0-9._-]", "_", socket.gethostname())
    return path.with_name(f"{path.stem}@{host}{path.suffix}")


def birth_of(pid: int) -> int | None:
    """Return when a process began, in ticks since the machine's start; None where the system does not tell.

    A number that was given to another process since is told from it by this.
    """
    try:
        facts = Path("/proc", str(pid), "stat").read_text(encoding="ascii", errors="replace")
        return int(facts.rpartition(")")[2].split()[_STARTTIME])
    except (OSError, ValueError, IndexError):
        return None


def _boot_id() -> str:
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _namespace() -> str:
    try:
        return str(_NAMESPACE.readlink())
    except OSError:
        return ""
