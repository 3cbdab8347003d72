"""Regions in editors without a selection of pixels: boxes and rectangles on an image."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foveate_shared.editor import selected_region
from foveate_shared.errors import InputError
from foveate_shared.geometry import Bounds, Extent

EXTENT = Extent(200, 100)
fractions = st.floats(-0.5, 1.5)


@pytest.mark.parametrize(
    ("box", "bounds"),
    [
        ((0.25, 0.5, 0.75, 1.0), Bounds(50, 0, 100, 50)),  # the upper half: y runs up in Blender
        ((0.0, 0.0, 1.0, 1.0), Bounds(0, 0, 200, 100)),
        ((0.75, 1.0, 0.25, 0.5), Bounds(50, 0, 100, 50)),  # its corners the other way round
        ((0.0, 0.0, 0.1, 0.1), Bounds(0, 90, 20, 10)),
    ],
)
def test_a_box_counts_from_the_bottom_and_bounds_from_the_top(box, bounds):
    assert selected_region.box(box)(EXTENT).bounds == bounds


@given(fractions, fractions, fractions, fractions)
def test_a_drag_in_any_direction_covers_what_it_touches_within_the_image(x0, y0, x1, y1):
    bounds = selected_region.bounds_of_drag((x0, y0), (x1, y1), EXTENT)
    assert EXTENT.bounds.contains(bounds)
    assert bounds == selected_region.bounds_of_drag((x1, y1), (x0, y0), EXTENT)
    middle = ((x0 + x1) / 2 * EXTENT.width, (1 - (y0 + y1) / 2) * EXTENT.height)
    if 0 <= middle[0] < EXTENT.width and 0 <= middle[1] < EXTENT.height and not bounds.is_empty:
        assert bounds.x <= middle[0] <= bounds.right
        assert bounds.y <= middle[1] <= bounds.bottom


def test_a_rectangle_is_cut_to_the_image_and_must_meet_it():
    assert selected_region.rectangle(190, 90, 50, 50)(EXTENT).bounds == Bounds(190, 90, 10, 10)
    with pytest.raises(InputError, match="does not lie in the image"):
        selected_region.rectangle(200, 0, 10, 10)(EXTENT)


def test_nothing_selected_is_the_whole_image():
    assert selected_region.whole(EXTENT) is None


@pytest.mark.parametrize("size", [(0, 5), (5, 0)])
def test_a_rectangle_of_nothing_is_none(size):
    with pytest.raises(InputError, match="No rectangle is selected"):
        selected_region.rectangle(3, 3, *size)


def test_a_click_takes_the_rectangle_away():
    assert selected_region.dragged_rectangle((0.25, 0.75), (0.5, 0.25), EXTENT) == (50, 25, 50, 50)
    assert selected_region.dragged_rectangle((0.25, 0.75), (0.251, 0.75), EXTENT) == (0, 0, 0, 0)
