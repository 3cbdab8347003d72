"""Progress out of the work of layers."""

from __future__ import annotations

import pytest

from fakes.tickers import RecordingTicker
from foveate_server.engines.layer_hooks import Meter


@pytest.fixture
def meter(ticker: RecordingTicker, monkeypatch: pytest.MonkeyPatch) -> Meter:
    monkeypatch.setattr("foveate_server.engines.layer_hooks.REPORT_SECONDS", 0)
    return Meter(ticker, "Rendering")


def test_a_pass_goes_from_its_start_through_its_share(meter: Meter, ticker: RecordingTicker):
    meter.begin(0.25, 0.5, 2)
    meter.tick()
    meter.tick()
    assert ticker.fractions == [0.25, 0.25, 0.5]


def test_it_never_goes_back_where_sums_differ_by_a_bit(meter: Meter, ticker: RecordingTicker):
    end_of_one, start_of_next = 0.1 + 0.2, 0.3
    assert start_of_next < end_of_one
    meter.begin(0.1, 0.2, 1)
    meter.tick()
    meter.tick(0)
    meter.begin(start_of_next, 0.1, 1)
    assert ticker.fractions == sorted(ticker.fractions)


def test_nor_where_the_stage_is_another(meter: Meter, ticker: RecordingTicker):
    meter.begin(0.1, 0.2, 1)
    meter.tick()
    meter.tick(0)
    meter.stage = "Decoding"
    meter.begin(0.3, 0.1, 1)
    assert ticker.fractions == sorted(ticker.fractions)
