"""Imports without the garbage collector.

What they make stays, and looking through it again and again takes an eighth of the time that a large library's import
takes (benchmarks/results/startup.md).
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def lasting_imports() -> Iterator[None]:
    """Import large libraries within it."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
