"""Full collections of garbage: by hand alone within a server, and as ever afterwards."""

from __future__ import annotations

import gc
import weakref

from foveate_server.full_collections import collect_all, full_collections_by_hand


class Ring:
    """What only the collector can take away."""

    def __init__(self) -> None:
        self.itself = self


def grow() -> list[list[int]]:
    """Let many more objects live than a server does: Python goes through all of them several times meanwhile."""
    return [[number] for number in range(1_500_000)]


def full_collections() -> int:
    return gc.get_stats()[2]["collections"]


def test_none_comes_by_itself_and_young_garbage_goes_as_ever():
    with full_collections_by_hand():
        ring, before = weakref.ref(Ring()), full_collections()
        assert len(grow()) > 0
        assert full_collections() == before
        assert ring() is None


def test_old_garbage_goes_by_hand():
    with full_collections_by_hand():
        old = Ring()
        gc.collect(1)  # what survives is old
        ring = weakref.ref(old)
        del old
        gc.collect(1)
        assert ring() is not None
        collect_all()
        assert ring() is None


def test_afterwards_python_does_it_again():
    usual = gc.get_threshold()
    with full_collections_by_hand():
        assert gc.get_freeze_count()
    assert gc.get_threshold() == usual
    assert not gc.get_freeze_count()
    before = full_collections()
    assert len(grow()) > 0
    assert full_collections() > before
