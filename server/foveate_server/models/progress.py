"""How downloads speak: one callable, which also serves to cancel."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called a few times a second while bytes arrive. To cancel, raise CancelledJobError out of it."""

    def __call__(self, done: int, total: int) -> None:
        """Report `done` of `total` bytes of the file under way."""


def silent(done: int, total: int) -> None:
    """Report nothing."""
