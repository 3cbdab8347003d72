"""How much of the free memory a run may plan with: less where workers have died at the same, as they do of memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_share: ContextVar[float] = ContextVar("memory_share", default=1.0)


def memory_share() -> float:
    """Return the part of the free memory that may be planned with, 0 to 1."""
    return _share.get()


@contextmanager
def sharing(share: float) -> Iterator[None]:
    """Plan with `share` of the free memory from here on; within it, a guest may have a share of its own."""
    before = _share.set(share)
    try:
        yield
    finally:
        _share.reset(before)
