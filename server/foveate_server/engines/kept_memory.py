"""The memory that runs will need again which gave way: weights that stay must not be loaded into it.

What such a run holds is not free, so that every plan leaves it out; what it has let go of for a while looks free.
Others may compute there, since they end before it goes on. Only what stays beyond their end must not lie there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class KeptMemory:
    """One per device, shared by its engines. What a run holds already counts twice: rather too careful."""

    def __init__(self) -> None:
        self.size = 0  # bytes, of all runs under way

    @contextmanager
    def keep(self, size: int) -> Iterator[None]:
        """Keep `size` bytes for a run as long as it lasts."""
        self.size += size
        try:
            yield
        finally:
            self.size -= size
