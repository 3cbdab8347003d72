"""Refocus, part by part: a clock's hands, four wheels, specks, a hundred parts, one, none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fakes.documents import run_job
from foveate_server.engines.deterministic.tints import MODEL
from foveate_server.imaging.connected_parts import MOST_PARTS
from foveate_server.operations import split_selection
from foveate_server.operations.registry import operations
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.wire.protocol import Selection

SHAPE = (171, 203)
WHEELS = ((30, 40), (90, 120), (140, 50), (180, 130))  # centers, x and y


def discs(centers, radius, shape=SHAPE):
    rows, columns = np.indices(shape)
    found = np.zeros(shape, np.uint8)
    for x, y in centers:
        found[(columns - x) ** 2 + (rows - y) ** 2 <= radius**2] = 255
    return found


def clock(shape=SHAPE):
    """A rim, and two hands that do not touch it."""
    found = discs([(100, 85)], 78, shape)
    found[discs([(100, 85)], 66, shape) > 0] = 0
    found[35:85, 97:103] = found[88:94, 110:150] = 255
    return found


@pytest.fixture
def selecting(soft, make_document):
    """Make a document with a selection of the given coverage; its bounds are those of what is selected."""

    def make(coverage, image=soft):
        rows, columns = np.nonzero(coverage)
        bounds = (0, 0, coverage.shape[1], coverage.shape[0])
        if len(rows):
            left, top = int(columns.min()), int(rows.min())
            bounds = (left, top, int(columns.max()) + 1 - left, int(rows.max()) + 1 - top)
        return make_document(image, bounds=bounds, coverage=coverage)

    return make


def split(document, engine, **parameters):
    return run_job(document, engine, "refocus", split=True, **parameters)


def names(run):
    return [item.id for item in run.items]


def test_each_wheel_is_worked_on_by_itself(selecting, engine):
    document = selecting(discs(WHEELS, 14))
    run = split(document, engine)
    assert names(run) == ["parts", *(f"part-{number}.refocus" for number in range(1, 5))]
    assert run.outcome("parts").data == {"parts": 4}
    for number, (x, y) in enumerate(WHEELS, 1):
        outcome = run.outcome(f"part-{number}.refocus")
        assert outcome.data["part"] == number
        patches = [patch.bounds for patch in run.patches if patch.item == outcome.item]
        assert len(patches) == (outcome.status == "done")  # else it is in focus already
        assert all(Bounds(x - 14, y - 14, 29, 29).contains(bounds) for bounds in patches)
    assert len(run.patches) >= 2


def test_nothing_outside_of_the_selection_changes(selecting, engine):
    coverage = clock()
    document = selecting(coverage)
    result = split(document, engine).applied_to(document)
    changed = (result != document.image).any(axis=2)
    assert not changed[coverage == 0].any()
    assert changed[coverage > 0].mean() > 0.3


def test_the_hands_of_a_clock_are_no_part_of_its_rim(selecting, engine):
    """Their bounds lie within the rim's: no pixel is covered by two patches."""
    document = selecting(clock())
    run = split(document, engine)
    assert names(run) == ["parts", "part-1.refocus", "part-2.refocus", "part-3.refocus"]
    times = np.zeros(SHAPE, int)
    for patch in run.patches:
        area = patch.bounds
        covered = np.ones((area.height, area.width), bool) if patch.coverage is None else patch.coverage > 0
        times[area.y : area.bottom, area.x : area.right] += covered
    assert times.max() == 1


def test_a_part_sees_as_far_around_as_all_of_the_selection(selecting, engine):
    document = selecting(discs(WHEELS, 14))
    items = split(document, engine).items[1:]
    for item in items:
        window, parts = item.windows
        assert parts.id == "parts.map"
        assert min(window.bounds.width, window.bounds.height) > 100  # alone it would be some 60


def test_a_part_is_not_shown_more_than_a_network_sees(soft, make_document):
    """Far around only as long as the part itself need not be made smaller for it."""
    huge = np.zeros((20, 20, 3), np.float32)
    document = make_document(huge, bounds=(0, 0, 20, 20), coverage=np.full((20, 20), 255, np.uint8))
    request = replace(
        document.request("refocus"), extent=Extent(9000, 9000), selection=Selection(Bounds(0, 0, 9000, 9000), True)
    )
    table = operations()["refocus"]
    part = Bounds(4000, 4000, 200, 100)
    alone = replace(request, selection=Selection(part, True))
    (item,) = table.plan(alone, table.parameters.parse({})).items
    wide = split_selection._with_surroundings(item, part, request, 1280 * 1280)
    assert wide.windows[0].bounds.contains(part)
    assert wide.windows[0].bounds.area <= 1280 * 1280
    assert wide.windows[0].bounds.area > 0.95 * 1280 * 1280


def test_one_part_gives_what_the_selection_gives(selecting, engine):
    document = selecting(discs([(100, 80)], 50))
    run, whole = split(document, engine), run_job(document, engine, "refocus")
    assert names(run) == ["parts", "part-1.refocus"]
    assert np.array_equal(run.applied_to(document), whole.applied_to(document))


def test_specks_go_with_what_is_nearest(selecting, engine):
    coverage = discs(((40, 80), (160, 80)), 20)
    coverage[10:13, 60:63] = coverage[150:153, 120:123] = 255
    document = selecting(coverage)
    run = split(document, engine)
    assert run.outcome("parts").data == {"parts": 2}
    changed = (run.applied_to(document) != document.image).any(axis=2)
    assert changed[10:13, 60:63].any()
    assert changed[150:153, 120:123].any()


def test_a_hundred_parts_become_as_many_as_are_allowed(engine, make_document):
    rng = np.random.default_rng(5)
    image = np.kron(rng.random((30, 30, 3)), np.ones((9, 9, 1))).astype(np.float32)
    coverage = np.kron(np.ones((10, 10)), np.pad(np.full((17, 17), 255), 5)).astype(np.uint8)
    document = make_document(image, bounds=(0, 0, 270, 270), coverage=coverage)
    run = split(document, engine, strength=0)
    assert run.outcome("parts").data == {"parts": MOST_PARTS}
    assert len(run.items) == 1 + MOST_PARTS
    assert np.array_equal(run.applied_to(document), document.image)


def test_no_part_is_no_work(selecting, engine):
    document = selecting(np.zeros(SHAPE, np.uint8))
    run = split(document, engine)
    (outcome,) = run.outcomes
    assert (outcome.status, outcome.message, run.patches) == ("kept", "Nothing is selected here.", [])


def test_a_rectangle_has_no_parts_to_look_for(soft, make_document, engine):
    document = make_document(soft, bounds=(40, 30, 110, 100))
    run, whole = split(document, engine), run_job(document, engine, "refocus")
    assert names(run) == names(whole) == ["refocus"]
    assert np.array_equal(run.applied_to(document), whole.applied_to(document))


@pytest.mark.parametrize("oversend", [False, True], ids=["a coarse map", "a map at its own size"])
def test_a_large_part_is_tiled_beside_a_small_one(engine, make_document, oversend):
    """The large one is looked at first and then tiled, as it would be alone."""
    rng = np.random.default_rng(3)
    height, width = 1100, 1500
    image = np.kron(rng.random((height // 10, width // 10, 3)), np.ones((10, 10, 1))).astype(np.float32)
    coverage = np.zeros((height, width), np.uint8)
    coverage[40:1060, 40:1300] = coverage[500:560, 1400:1460] = 255
    document = make_document(image, bounds=(40, 40, 1420, 1020), coverage=coverage, oversend=oversend)
    run = split(document, engine, strength=0)
    assert run.outcome("parts").data == {"parts": 2}
    tiles = [name for name in names(run) if name.startswith("part-1.tile")]
    assert len(tiles) > 1
    assert "part-2.refocus" in names(run)
    assert np.array_equal(run.applied_to(document), document.image)


def test_a_checkpoint_paints_each_part(selecting, engine):
    coverage = discs(((40, 60), (150, 110)), 25)
    document = selecting(coverage)
    run = split(document, engine, model=MODEL, prompt="rust", strength=0.6, seed=4)
    assert names(run) == ["parts", "part-1.refocus", "part-2.refocus"]
    changed = (run.applied_to(document) != document.image).any(axis=2)
    assert not changed[coverage == 0].any()
    assert changed[coverage > 0].mean() > 0.5
