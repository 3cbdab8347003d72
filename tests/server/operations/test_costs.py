"""Costs are those that were measured: of every call in the recordings."""

import pytest

from fakes.progress_cases import CASES
from fakes.recorded_engine import RECORDINGS, Recording
from foveate_server.operations import costs
from foveate_shared.geometry import Extent

WITHIN = 0.5  # of the cost: what is loaded, and how soon a face is sure, make a difference
UNNOTICED = 0.7  # seconds: of loading
LITTLE = 0.2  # seconds: of a look at a crop, by which one differs from the next
CALLS = [
    pytest.param(path.stem, call, id=f"{path.stem}-{number}-{call.name}")
    for path in sorted(RECORDINGS.glob("*.json"))
    for number, call in enumerate(Recording.load(path.stem).calls)
]


@pytest.mark.parametrize(("name", "call"), [each for each in CALLS if each.values[1].name == "detect"])
def test_looking_for_faces(name, call):
    assert costs.detecting(Extent(*call.extent)) == pytest.approx(call.seconds, rel=WITHIN, abs=LITTLE)


@pytest.mark.parametrize(("name", "call"), [each for each in CALLS if each.values[1].name == "upscale"])
def test_restoring(name, call):
    width, height = call.extent
    assert costs.restoring(width * height) == pytest.approx(call.seconds, rel=WITHIN, abs=UNNOTICED)


@pytest.mark.parametrize(("name", "call"), [each for each in CALLS if each.values[1].name == "diffuse"])
def test_painting(name, call):
    """From the first step on: what is loaded before, and how a prompt is read, does not follow from the area."""
    first = next(report for report in call.reports if report.stage == "Denoising")
    rows = 2 if CASES[name].parameters["guidance_scale"] > 1 else 1
    width, height = call.extent
    cost = costs.painting(width * height, first.steps * rows)
    assert cost == pytest.approx(call.seconds - first.seconds, rel=WITHIN)


def test_larger_is_dearer_and_a_copy_costs_next_to_nothing():
    assert costs.painting(1024 * 1024, 20) > costs.painting(600 * 600, 20) > costs.restoring(300 * 300)
    assert costs.painting(600 * 600, 20) > costs.painting(600 * 600, 10) > costs.painting(600 * 600, 0)
    assert costs.copying(4096 * 1024) < 1
