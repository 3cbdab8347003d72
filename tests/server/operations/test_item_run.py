"""What a running item sees: decoded once, and given back byte for byte where nothing is asked for."""

import numpy as np
import pytest

from fakes.documents import RecordingContext, Run
from fakes.progress_course import Course
from foveate_server.operations.document import window_pixels
from foveate_server.operations.item_run import ItemRun
from foveate_server.operations.registry import operations
from foveate_shared.geometry import Bounds


@pytest.fixture
def item_run(soft, make_document, engine):
    """A refocus of a selection, about to run."""
    document = make_document(soft, bounds=(40, 30, 60, 50))
    request = document.request("refocus")
    operation = operations()["refocus"]
    parameters = operation.parameters.parse(request.parameters)
    plan = operation.plan(request, parameters)
    (item,) = plan.items
    windows = {asked.id: document.window(asked) for asked in item.windows}
    return ItemRun(
        request, parameters, item, windows, engine, RecordingContext(Run(plan), document, item, Course(lambda: 0.0))
    )


def test_pixels_selection_and_feather_are_decoded_once_and_only_when_asked_for(item_run, monkeypatch):
    reads = []
    monkeypatch.setattr(window_pixels, "decode", _counting(window_pixels.decode, reads))
    assert not reads
    assert item_run.pixels is item_run.pixels
    assert item_run.selection is item_run.selection
    assert item_run.feather is item_run.feather
    assert len(reads) == 1


def _counting(function, calls):
    def counted(*arguments, **named):
        calls.append(arguments)
        return function(*arguments, **named)

    return counted


def test_the_feather_lies_within_the_selection(item_run):
    assert np.all(item_run.feather <= item_run.selection)
    assert item_run.selection.sum() == item_run.core.area == 60 * 50


def test_what_is_not_covered_is_not_sent(item_run):
    assert not item_run.send(item_run.core, item_run.pixels.working, np.zeros_like(item_run.selection))
    assert item_run.context.run.patches == []
    assert item_run.send(item_run.core, item_run.pixels.working, item_run.feather)
    assert item_run.context.run.patches[0].bounds == item_run.core


def test_at_strength_0_the_original_goes_back_and_the_outcome_says_so(item_run, soft, make_document):
    part = Bounds(50, 40, 20, 10)
    result = item_run.unchanged_at_zero(0.0, part, {"number": 1}, seed=7)
    assert result.outcome.data == {"number": 1, "strength": 0.0, "seed": 7}
    (patch,) = item_run.context.run.patches
    assert np.array_equal(patch.pixels, make_document(soft).image[40:50, 50:70])


def test_above_strength_0_nothing_goes_back(item_run):
    assert item_run.unchanged_at_zero(0.1, item_run.core, {}) is None
    assert item_run.context.run.patches == []
