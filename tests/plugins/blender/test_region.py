import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foveate_shared.errors import InputError
from foveate_shared.geometry import Bounds, Extent

EXTENT = Extent(200, 100)
fractions = st.floats(-0.5, 1.5)


@pytest.fixture(scope="module")
def region(module):
    return module("region")


@pytest.fixture(scope="module")
def masks(module):
    return module("rasterize_mask")


def square(masks, box, feather=0.0):
    left, bottom, right, top = box
    corners = ((left, bottom), (left, top), (right, top), (right, bottom))  # clockwise: feathered outwards
    return tuple(masks.Knot(corner, corner, corner, feather) for corner in corners)


@pytest.mark.parametrize(
    ("box", "bounds"),
    [
        ((0.25, 0.5, 0.75, 1.0), Bounds(50, 0, 100, 50)),  # the upper half: y runs up in Blender
        ((0.0, 0.0, 1.0, 1.0), Bounds(0, 0, 200, 100)),
        ((0.75, 1.0, 0.25, 0.5), Bounds(50, 0, 100, 50)),  # its corners the other way round
        ((0.0, 0.0, 0.1, 0.1), Bounds(0, 90, 20, 10)),
    ],
)
def test_a_box_counts_from_the_bottom_and_bounds_from_the_top(region, box, bounds):
    assert region.box(box)(EXTENT).bounds == bounds


@given(fractions, fractions, fractions, fractions)
def test_a_drag_in_any_direction_covers_what_it_touches_within_the_image(region, x0, y0, x1, y1):
    bounds = region.bounds_of_drag((x0, y0), (x1, y1), EXTENT)
    assert EXTENT.bounds.contains(bounds)
    assert bounds == region.bounds_of_drag((x1, y1), (x0, y0), EXTENT)
    middle = ((x0 + x1) / 2 * EXTENT.width, (1 - (y0 + y1) / 2) * EXTENT.height)
    if 0 <= middle[0] < EXTENT.width and 0 <= middle[1] < EXTENT.height and not bounds.is_empty:
        assert bounds.x <= middle[0] <= bounds.right
        assert bounds.y <= middle[1] <= bounds.bottom


def test_a_rectangle_is_cut_to_the_image_and_must_meet_it(region):
    assert region.rectangle(190, 90, 50, 50)(EXTENT).bounds == Bounds(190, 90, 10, 10)
    with pytest.raises(InputError, match="does not lie in the image"):
        region.rectangle(200, 0, 10, 10)(EXTENT)


def test_nothing_selected_is_the_whole_image(region):
    assert region.whole(EXTENT) is None


def test_a_mask_has_tight_bounds_and_soft_edges(region, masks):
    layer = masks.MaskLayer((square(masks, (0.25, 0.5, 0.5, 0.625), feather=0.05),))
    selected = region.mask([layer], "soft")(EXTENT)
    # The longer side spans 0 to 1, so the feather is 10 pixels wide; the shorter side is centred.
    assert selected.bounds == Bounds(40, 15, 70, 45)
    assert selected.coverage.shape == (45, 70, 1)
    inside = selected.coverage[10:35, 10:60]
    assert np.array_equal(inside, np.ones_like(inside))
    across = selected.coverage[22, :10, 0]
    assert (np.diff(across) > 0).all()


def test_a_mask_that_covers_nothing_is_said(region, masks):
    with pytest.raises(InputError, match="The mask empty covers no pixel"):
        region.mask([masks.MaskLayer(())], "empty")(EXTENT)


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
