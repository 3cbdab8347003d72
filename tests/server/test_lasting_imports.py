"""Large imports: no collector meanwhile, and the same one afterwards."""

from __future__ import annotations

import gc
import weakref

import pytest

from foveate_server.lasting_imports import lasting_imports


class Ring:
    """What only the collector can take away."""

    def __init__(self) -> None:
        self.itself = self


def test_the_collector_rests_meanwhile_and_works_again():
    with lasting_imports():
        assert not gc.isenabled()
    assert gc.isenabled()
    ring = weakref.ref(Ring())
    gc.collect()
    assert ring() is None


def test_a_failed_import_leaves_it_working():
    with pytest.raises(ImportError), lasting_imports():
        import foveate_server.no_such_module  # noqa: F401
    assert gc.isenabled()


def test_who_had_it_off_keeps_it_off():
    gc.disable()
    try:
        with lasting_imports():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
