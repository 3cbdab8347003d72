"""Faces brought to the place where face restorers know them, and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage import data

from foveate_server.engines.restoration.face_alignment import aligned, aligning, put_back
from foveate_server.engines.values import Face

SIDE = 512
# Where restorers expect the landmarks of a face, in pixels of 512.
PLACES = np.array([[193.5, 240.4], [319.4, 240.7], [257.2, 314.5], [201.8, 371.9], [313.6, 371.7]])


def face_at(points):
    return Face((0.0, 0.0, 1.0, 1.0), tuple((float(x), float(y)) for x, y in points), 1.0)


def turned(points, angle, scale, shift):
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return points @ turn.T + shift


@given(
    st.floats(-np.pi, np.pi),
    st.floats(0.05, 8),
    st.tuples(st.floats(-4000, 4000), st.floats(-4000, 4000)),
    st.sampled_from([128, 512]),
)
def test_landmarks_come_to_their_places(angle, scale, shift, side):
    points = turned(PLACES, angle, scale, np.array(shift))
    similarity = aligning(face_at(points), side)
    assert np.abs(similarity(points) - PLACES * side / SIDE).max() < 0.5 * side / SIDE + 1e-6
    assert similarity.scale * scale == pytest.approx(side / SIDE, rel=0.01)
    assert np.abs(similarity.inverse(similarity(points)) - points).max() < 1e-6 * (1 + np.abs(points).max())


def test_a_face_that_leans_is_seen_upright():
    photo = data.astronaut().astype(np.float32) / 255
    face = face_at([(207.0, 108.0), (245.0, 108.0), (229.0, 131.0), (213.0, 147.0), (245.0, 147.0)])
    upright = aligned(photo, aligning(face, SIDE), SIDE)
    leaning = np.ascontiguousarray(np.rot90(photo))
    points = [(y, 512 - x) for x, y in face.landmarks]
    again = aligned(leaning, aligning(face_at(points), SIDE), SIDE)
    assert upright.shape == (SIDE, SIDE, 3)
    assert np.abs(again - upright).mean() < 1e-3


@pytest.mark.parametrize(("angle", "size"), [(0.0, 0.2), (0.4, 0.3), (-0.7, 1.0), (0.3, 2.5)])
def test_what_was_not_changed_comes_back_as_it_was(angle, size):
    rows, columns = np.mgrid[:700, :900].astype(np.float32)
    picture = np.stack([columns / 900, rows / 700, 0.5 + 0.4 * np.sin(columns / 40) * np.cos(rows / 50)], axis=-1)
    centre = PLACES.mean(axis=0)
    points = turned(PLACES - centre, angle, size, np.array([450.0, 340.0]))
    similarity = aligning(face_at(points), SIDE)
    back = put_back(aligned(picture, similarity, SIDE), picture, similarity)
    assert back.dtype == np.float32
    assert np.abs(back - picture).max() < 0.02


def test_only_the_square_is_changed_and_it_fades():
    picture = np.zeros((400, 600, 3), np.float32)
    points = turned(PLACES, 0.0, 0.25, np.array([200.0, 100.0]))
    similarity = aligning(face_at(points), SIDE)
    back = put_back(np.ones((SIDE, SIDE, 3), np.float32), picture, similarity)[..., 0]
    assert back[164, 264] == pytest.approx(1)
    inside = back > 1e-3
    rows, columns = np.nonzero(inside)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == pytest.approx((100, 227, 200, 327), abs=2)
    assert np.abs(np.diff(back, axis=1)).max() < 0.25


def test_an_enlarging_network_is_put_back_enlarged():
    picture = np.zeros((100, 120, 3), np.float32)
    points = turned(PLACES, 0.3, 0.1, np.array([40.0, 30.0]))
    similarity = aligning(face_at(points), SIDE)
    large = similarity.scaled(2)
    assert np.abs(large(points * 2) - 2 * similarity(points)).max() < 1e-6
    back = put_back(np.ones((2 * SIDE, 2 * SIDE, 3), np.float32), np.zeros((200, 240, 3), np.float32), large)
    small = put_back(np.ones((SIDE, SIDE, 3), np.float32), picture, similarity)
    assert back[::2, ::2].mean() == pytest.approx(small.mean(), rel=0.02)


@pytest.mark.parametrize("points", [[(5.0, 5.0)] * 5, [(float("nan"), 1.0)] * 5, [(1.0, 2.0), (30.0, 4.0)]])
def test_landmarks_that_say_nothing_align_nothing(points):
    assert aligning(face_at(points), SIDE) is None
