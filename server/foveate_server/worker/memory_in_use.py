"""How much memory the worker holds, for the status page: the device's, or the machine's where the CPU computes."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from foveate_server.tasks.messages import Memory

_STATM = Path("/proc/self/statm")  # Linux, proc(5): pages; the second number is what is resident


def in_use() -> Memory | None:
    """Return the memory that is held now, None where the system does not tell. Imports nothing by itself."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available() and torch.cuda.is_initialized():
        return Memory(int(torch.cuda.memory_reserved()), int(torch.cuda.mem_get_info()[1]))
    if sys.platform != "win32":  # which has no sysconf
        with contextlib.suppress(OSError, ValueError, IndexError):
            page = os.sysconf("SC_PAGE_SIZE")
            return Memory(int(_STATM.read_text().split()[1]) * page, os.sysconf("SC_PHYS_PAGES") * page)
    return None
