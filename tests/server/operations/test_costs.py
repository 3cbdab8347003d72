"""Costs are those that were measured: of every call in the recordings."""

import pytest

from fakes.recorded_engine import RECORDINGS, Recording
from foveate_server.operations import costs
from foveate_shared.geometry import Extent

WITHIN = 0.5  # of the cost: what is loaded, and how soon a face is sure, make a difference
UNNOTICED = 0.7  # seconds: of loading
CALLS = [call for path in sorted(RECORDINGS.glob("*.json")) for call in Recording.load(path.stem).calls]


@pytest.mark.parametrize("call", [call for call in CALLS if call.name == "detect"], ids=lambda call: str(call.extent))
def test_looking_for_faces(call):
    assert costs.detecting(Extent(*call.extent)) == pytest.approx(call.seconds, rel=WITHIN)


@pytest.mark.parametrize("call", [call for call in CALLS if call.name == "upscale"], ids=lambda call: str(call.extent))
def test_restoring(call):
    width, height = call.extent
    assert costs.restoring(width * height) == pytest.approx(call.seconds, rel=WITHIN, abs=UNNOTICED)


def test_larger_is_dearer_and_a_copy_costs_next_to_nothing():
    assert costs.painting(1024 * 1024) > costs.painting(600 * 600) > costs.restoring(300 * 300)
    assert costs.painting(10) == costs.painting(512 * 512), "a checkpoint sees nothing smaller than it was trained at"
    assert costs.copying(4096 * 1024) < 1
