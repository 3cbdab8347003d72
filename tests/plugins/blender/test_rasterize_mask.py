import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foveate_shared.errors import InputError
from foveate_shared.geometry import Bounds, Extent

EXTENT = Extent(200, 100)


@pytest.fixture(scope="module")
def masks(module):
    return module("rasterize_mask")


def square(masks, box, feather=0.0):
    left, bottom, right, top = box
    corners = ((left, bottom), (left, top), (right, top), (right, bottom))  # clockwise: feathered outwards
    return tuple(masks.Knot(corner, corner, corner, feather) for corner in corners)


def test_a_mask_has_tight_bounds_and_soft_edges(masks):
    layer = masks.MaskLayer((square(masks, (0.25, 0.5, 0.5, 0.625), feather=0.05),))
    selected = masks.region([layer], "soft")(EXTENT)
    # The longer side spans 0 to 1, so the feather is 10 pixels wide; the shorter side is centred.
    assert selected.bounds == Bounds(40, 15, 70, 45)
    assert selected.coverage.shape == (45, 70, 1)
    inside = selected.coverage[10:35, 10:60]
    assert np.array_equal(inside, np.ones_like(inside))
    across = selected.coverage[22, :10, 0]
    assert (np.diff(across) > 0).all()


def test_a_mask_that_covers_nothing_is_said(masks):
    with pytest.raises(InputError, match="The mask empty covers no pixel"):
        masks.region([masks.MaskLayer(())], "empty")(EXTENT)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 60), st.floats(0, 40)), min_size=3, max_size=3, unique=True))
def test_the_area_of_a_triangle_is_what_is_filled(masks, corners):
    points = np.array(corners)
    (x0, y0), (x1, y1), (x2, y2) = corners
    area = abs((x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)) / 2
    # Rows are sampled: of a sliver, one sample may see all of its width, or nothing. No bound below that holds.
    sampled = np.ptp(points[:, 0]) / masks._SUBROWS
    assert masks.fill(points, Extent(60, 40)).sum() == pytest.approx(area, abs=sampled + 0.01)


def test_layers_come_upon_each_other(masks):
    outer, inner = square(masks, (0.1, 0.3, 0.9, 0.7)), square(masks, (0.4, 0.4, 0.6, 0.6))
    hole = [masks.MaskLayer((outer,)), masks.MaskLayer((inner,), blend="MERGE_SUBTRACT")]
    plane = masks.rasterize(hole, EXTENT)
    assert plane[50, 100] == 0
    assert plane[50, 40] == 1
    inverted = masks.rasterize([masks.MaskLayer((outer,), alpha=0.5, invert=True)], EXTENT)
    assert inverted[50, 100] == 0
    assert inverted[2, 2] == pytest.approx(0.5)
    assert set(masks.BLENDS) == {  # all that Blender has
        "MERGE_ADD", "MERGE_SUBTRACT", "ADD", "SUBTRACT", "LIGHTEN", "DARKEN", "MUL", "REPLACE", "DIFFERENCE",
    }  # fmt: skip
