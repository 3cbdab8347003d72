"""A download is time without work: how long it takes follows from how fast it is."""

import pytest

from foveate_server.engines.show_downloads import Fetching


class Ticker:
    def __init__(self):
        self.told = []

    def progress(self, stage, fraction, step=0, steps=0):
        self.told.append((str(stage), fraction, step, steps))

    def get_ready(self, stage, seconds):
        self.told.append((str(stage), seconds))


def test_it_says_how_long_it_will_take_once_a_second():
    ticker, now = Ticker(), [0.0]
    fetching = Fetching(ticker, "tune", lambda: now[0])
    for done in range(11):
        fetching(done * 1_000_000, 10_000_000)
        now[0] += 0.5
    stage = "Fetching the model tune"
    waits = [entry[1] for entry in ticker.told if len(entry) == 2]
    assert waits == pytest.approx([4, 3, 2, 1, 0])
    assert {entry for entry in ticker.told if len(entry) > 2} == {(stage, 0.0, 0, 0)}, "nothing of the work is done"
