import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foveate_server.engines.detection.decode import STRIDE, Maps, decode, is_plausible
from foveate_server.engines.values import Face

SHARES = ((0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.75), (0.65, 0.75))  # x and y within the box


def empty_maps(rows=20, columns=30):
    def plane(count):
        return np.zeros((count, rows, columns), np.float32)

    return Maps(np.zeros((rows, columns), np.float32), plane(2), plane(2), plane(10))


def put(maps, row, column, *, width=40.0, height=60.0, dx=0.0, dy=0.0, score=0.9):
    """Write a face into the maps as the network would."""
    maps.heat[row, column] = score
    maps.log_size[:, row, column] = np.log([height / STRIDE, width / STRIDE])
    maps.offset[:, row, column] = dy, dx
    maps.landmarks[:, row, column] = [value for x, y in SHARES for value in (y, x)]


@settings(max_examples=30)
@given(
    st.tuples(st.integers(0, 19), st.integers(0, 29)),
    st.tuples(st.floats(8, 200), st.floats(8, 200)),
    st.tuples(st.floats(0, 0.99), st.floats(0, 0.99)),
)
def test_a_face_comes_back_from_its_maps(cell, size, offset) -> None:
    (row, column), (width, height), (dx, dy) = cell, size, offset
    maps = empty_maps()
    put(maps, row, column, width=width, height=height, dx=dx, dy=dy)
    (face,) = decode(maps, 0.5)
    center = ((column + 0.5 + dx) * STRIDE, (row + 0.5 + dy) * STRIDE)
    expected = (center[0] - width / 2, center[1] - height / 2, width, height)
    assert face.box == pytest.approx(expected, abs=0.01)
    points = [(expected[0] + x * width, expected[1] + y * height) for x, y in SHARES]
    assert np.allclose(face.landmarks, points, atol=0.01)
    assert face.score == pytest.approx(0.9)


def test_neighbouring_cells_are_one_face_and_distant_ones_are_two() -> None:
    maps = empty_maps()
    put(maps, 10, 10)
    put(maps, 10, 11, score=0.8)
    put(maps, 10, 25, score=0.7)
    assert sorted(round(face.score, 2) for face in decode(maps, 0.5)) == [0.7, 0.9]


def test_below_the_score_there_is_none() -> None:
    maps = empty_maps()
    put(maps, 3, 3, score=0.49)
    assert decode(maps, 0.5) == []
    assert len(decode(maps, 0.4)) == 1


def face_with(landmarks):
    return Face((0.0, 0.0, 100.0, 100.0), tuple((x * 100, y * 100) for x, y in landmarks), 0.9)


@pytest.mark.parametrize(
    ("landmarks", "plausible"),
    [
        (SHARES, True),
        (tuple((x, 1 - y) for x, y in SHARES), False),  # upside down
        (tuple((y, x) for x, y in SHARES), False),  # sideways
        ((*SHARES[:4], (3.0, 0.7)), False),  # a mouth far outside
    ],
)
def test_landmarks_must_be_those_of_an_upright_face(landmarks, plausible) -> None:
    assert is_plausible(face_with(landmarks)) is plausible
