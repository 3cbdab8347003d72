import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foveate_server.engines.detection.search import CLOSE_SIDE, close_view, scales, searched_areas, turned, views
from foveate_server.engines.values import Face
from foveate_shared.geometry import Extent

SIZES = ((1, 1), (7, 300), (300, 7), (640, 480), (2600, 1300))


@pytest.mark.parametrize("size", SIZES)
def test_how_much_there_is_to_look_at_is_known_before(size) -> None:
    image = np.zeros((size[1], size[0], 3), np.float32)
    seen = [view.pixels.shape[0] * view.pixels.shape[1] for view in views(image)]
    assert searched_areas(Extent(*size)) == seen


@pytest.mark.parametrize("size", SIZES)
def test_every_pixel_is_seen_at_its_own_scale_and_all_of_the_image_at_once(size) -> None:
    image = np.zeros((size[1], size[0], 3), np.float32)
    seen = np.zeros(image.shape[:2], bool)
    whole = False
    for view in views(image):
        placement, (height, width) = view.placement, view.pixels.shape[:2]
        assert max(width, height) <= 2 * 1280
        if placement.turns == 0 and placement.scale_x >= 0.99:
            left, top = round(placement.x), round(placement.y)
            right = round(placement.x + width / placement.scale_x)
            bottom = round(placement.y + height / placement.scale_y)
            seen[top:bottom, left:right] = True
        whole |= (round(width / placement.scale_x), round(height / placement.scale_y)) == size
    assert seen.all()
    assert whole


@settings(max_examples=50)
@given(st.integers(1, 20_000), st.integers(1, 20_000))
def test_a_face_that_fills_the_frame_is_small_enough_in_the_smallest_view(width, height) -> None:
    factors = scales(Extent(width, height))
    assert factors == sorted(factors, reverse=True)
    assert 1.0 in factors
    assert max(width, height) * factors[-1] <= 448


def test_a_point_in_a_view_is_the_same_point_in_the_image() -> None:
    rng = np.random.default_rng(0)
    image = np.zeros((700, 1500, 3), np.float32)
    x, y = 1111, 345
    image[y - 3 : y + 4, x - 3 : x + 4] = 1
    image += rng.random(image.shape, np.float32) * 0.01
    found = 0
    for view in views(image):
        row, column = np.unravel_index(int(view.pixels[..., 0].argmax()), view.pixels.shape[:2])
        if view.pixels[row, column, 0] < 0.5:  # too small at this scale, or in another tile
            continue
        point = (float(column) + 0.5, float(row) + 0.5)
        placed = view.placement.to_image(Face((*point, 0, 0), (point,), 1.0))
        assert np.allclose(placed.landmarks, [(x + 0.5, y + 0.5)], atol=6 / view.placement.scale_x)
        found += 1
    assert found >= 5


@pytest.mark.parametrize("box", [(100, 100, 40, 50), (-20, -20, 60, 60), (180, 140, 60, 90), (500, 500, 10, 10)])
def test_a_close_view_has_its_face_in_the_middle_even_at_the_border(box) -> None:
    image = np.full((160, 200, 3), 0.5, np.float32)
    view = close_view(image, Face(tuple(map(float, box)), (), 0.5))
    assert view.pixels.shape == (CLOSE_SIDE, CLOSE_SIDE, 3)
    middle = (CLOSE_SIDE / 2, CLOSE_SIDE / 2)
    placed = view.placement.to_image(Face((*middle, 0, 0), (middle,), 1.0))
    expected = (box[0] + box[2] / 2, box[1] + box[3] / 2)
    assert np.allclose(placed.landmarks, [expected], atol=1)


@pytest.mark.parametrize("diagonal", [False, True])
def test_turned_views_show_the_same_thing_in_four_directions(diagonal) -> None:
    image = np.zeros((200, 200, 3), np.float32)
    image[95:105, 125:135] = 1
    view = close_view(image, Face((50.0, 50.0, 100.0, 100.0), (), 0.5))
    places = []
    for turn in turned(view, diagonal=diagonal):
        weights = turn.pixels[..., 0].clip(0, 1)
        rows, columns = np.indices(weights.shape)
        point = tuple(float((axis + 0.5).ravel() @ weights.ravel() / weights.sum()) for axis in (columns, rows))
        places.append(point)
        placed = view.placement.to_image(turn.placement.to_image(Face((*point, 0, 0), (point,), 1.0)))
        assert np.allclose(placed.landmarks, [(130, 100)], atol=1.5)
    assert len({tuple(np.round(place)) for place in places}) == 4
