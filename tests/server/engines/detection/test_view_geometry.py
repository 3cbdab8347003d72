import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foveate_server.engines.detection.view_geometry import ViewPlacement
from foveate_server.engines.values import Face


def marked(width, height, x, y):
    image = np.zeros((height, width), np.uint8)
    image[y, x] = 1
    return image


@settings(max_examples=60)
@given(st.integers(1, 30), st.integers(1, 30), st.integers(0, 3), st.data())
def test_a_pixel_of_a_quarter_turned_view_is_the_one_of_the_image(width, height, turns, data) -> None:
    x, y = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    turned = np.rot90(marked(width, height, x, y), turns)
    row, column = np.argwhere(turned)[0]
    found = Face((float(column), float(row), 1.0, 1.0), ((column + 0.5, row + 0.5),), 1.0)
    placed = ViewPlacement(turns, width, height).to_image(found)
    assert placed.box == pytest.approx((x, y, 1, 1))
    assert np.allclose(placed.landmarks, [(x + 0.5, y + 0.5)])


def test_a_sideways_box_swaps_width_and_height() -> None:
    placed = ViewPlacement(1, 100, 80).to_image(Face((10, 20, 30, 12), (), 1.0))
    assert placed.box[2:] == pytest.approx((12, 30))


def test_part_and_scale_are_undone() -> None:
    placement = ViewPlacement(x=50, y=20, scale_x=2, scale_y=4)
    placed = placement.to_image(Face((10, 8, 6, 4), ((10, 8),), 0.5))
    assert placed.box == pytest.approx((55, 22, 3, 1))
    assert np.allclose(placed.landmarks, [(55, 22)])
    assert placed.score == 0.5


def test_an_eighth_turn_moves_a_corner_to_the_middle_of_the_edge() -> None:
    side = 100
    half_diagonal = side / 2**0.5
    # Turned counter-clockwise by 45 degrees, the right top corner comes to lie straight above the middle.
    point = (side / 2, side / 2 - half_diagonal)
    placed = ViewPlacement(0.5, side, side).to_image(Face((*point, 0.0, 0.0), (point,), 1.0))
    assert np.allclose(placed.landmarks, [(side, 0)])
