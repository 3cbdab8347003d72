from __future__ import annotations

from threading import Event

import pytest

from foveate_server.engines.diffusion.background_load import Background
from foveate_shared.errors import CancelledJobError


def test_a_cancel_is_heard_and_what_was_begun_is_kept(make_ticker):
    background, go, made = Background(), Event(), []

    def make():
        go.wait(30)
        made.append(1)
        return "loaded"

    with pytest.raises(CancelledJobError):
        background.result("a", make, make_ticker(cancel_after=0))
    go.set()
    assert background.result("a", make, make_ticker()) == "loaded"
    assert made == [1]


def test_another_thing_waits_until_the_first_is_done(make_ticker):
    background, go, order = Background(), Event(), []

    def first():
        go.wait(30)
        order.append("first")

    with pytest.raises(CancelledJobError):
        background.result("a", first, make_ticker(cancel_after=0))
    with pytest.raises(CancelledJobError):
        background.result("b", lambda: order.append("second"), make_ticker(cancel_after=0))
    go.set()
    background.result("b", lambda: order.append("second"), make_ticker())
    assert order == ["first", "second"]


def test_what_goes_wrong_is_raised_once(make_ticker):
    background = Background()

    def fail():
        raise ValueError("damaged")

    with pytest.raises(ValueError, match="damaged"):
        background.result("a", fail, make_ticker())
    assert background.result("a", lambda: 7, make_ticker()) == 7
