"""Whether another process still runs."""

from __future__ import annotations

import os

CAN_TELL = os.name == "posix"  # elsewhere a process cannot be asked for without a signal that ends it


def is_alive(process: int) -> bool:
    """Tell whether there is a process of that number. Only where :data:`CAN_TELL`."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
