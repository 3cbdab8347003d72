"""A thread tells while the main one is silent, and no longer."""

from threading import Event, active_count

import pytest

from foveate_server.worker.keep_telling import keep_telling


def test_it_tells_again_and_again_until_the_end():
    told, enough, before = [], Event(), active_count()

    def tell():
        told.append(1)
        if len(told) == 3:
            enough.set()

    with keep_telling(tell, seconds=0.001):
        assert enough.wait(20)
    assert active_count() == before


def test_an_error_ends_it_too():
    before = active_count()
    with pytest.raises(ValueError, match="no engine"), keep_telling(lambda: None):
        raise ValueError("no engine")
    assert active_count() == before


def test_it_does_not_tell_for_ever():
    told, before = [], active_count()
    with keep_telling(lambda: told.append(1), seconds=0.001, most=3):
        while active_count() > before:
            pass
    assert len(told) == 3
