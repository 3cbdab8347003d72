"""Full collections of garbage, at times of our own.

One goes through all that lives and stops all threads meanwhile: half a second where the items of a few huge plans are
among that, and Python begins it in the midst of such a plan, again and again. Young objects are collected as ever.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_NEVER = 1_000_000_000  # collections of the younger generations before one of all


@contextmanager
def full_collections_by_hand() -> Iterator[None]:
    """Within it nothing but :func:`collect_all` goes through all that lives, and what lived before is left out."""
    youngest, middle, oldest = gc.get_threshold()
    gc.set_threshold(youngest, middle, _NEVER)
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(youngest, middle, oldest)


def collect_all() -> None:
    """Take away all garbage, however old."""
    gc.collect()
