import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foveate_server.imaging.resize import Filter, resize, resize_with_alpha
from foveate_shared.geometry import Extent

EXTENTS = st.builds(Extent, st.integers(1, 40), st.integers(1, 40))


@given(EXTENTS, EXTENTS, st.sampled_from(Filter), st.floats(-2, 50))
@settings(max_examples=60, deadline=None)
def test_flat_pictures_stay_flat_at_any_value(source, target, kernel, value):
    flat = np.full((source.height, source.width, 3), value, np.float32)
    result = resize(flat, target, kernel)
    assert result.shape == (target.height, target.width, 3)
    assert result.dtype == np.float32
    assert np.allclose(result, np.float32(value), rtol=1e-5, atol=1e-5)


def test_the_same_extent_gives_the_very_values(photo):
    image = photo.astype(np.float32) * 3
    same = resize(image, Extent(256, 256))
    assert np.array_equal(same, image)
    assert not np.shares_memory(same, image)


def test_a_box_averages_and_borders_coincide():
    image = np.arange(24, dtype=np.float32).reshape(4, 6)
    assert resize(image, Extent(3, 2), Filter.BOX).tolist() == [[3.5, 5.5, 7.5], [15.5, 17.5, 19.5]]


def test_reducing_and_enlarging_a_photo_keeps_it_in_place(photo):
    image = photo.astype(np.float32) / 255
    there = resize(resize(image, Extent(128, 128)), Extent(256, 256))
    shifted = [np.abs(np.roll(there, shift, axis=1) - image).mean() for shift in (-1, 0, 1)]
    assert shifted[1] == min(shifted)
    assert shifted[1] < 0.03


def test_highlights_are_not_clipped():
    image = np.ones((8, 8, 3), np.float32)
    image[2:6, 2:6] = 20
    assert resize(image, Extent(16, 16)).max() > 19


@pytest.mark.parametrize("target", [Extent(7, 5), Extent(64, 48)])
def test_hidden_colours_do_not_bleed(target):
    color = np.zeros((20, 20, 3), np.float32)
    color[..., 0] = 1  # red everywhere ...
    alpha = np.zeros((20, 20), np.float32)
    alpha[5:15, 5:15] = 1
    color[alpha == 0] = (0, 1, 0)  # ... but green where nobody sees it
    straight, thin = resize_with_alpha(color, alpha, target)
    visible = thin > 0.05
    assert visible.any()
    assert np.abs(straight[visible] - (1, 0, 0)).max() < 0.05
    assert thin.min() >= 0
    assert thin.max() <= 1


def test_opaque_pictures_are_resized_like_any(photo):
    image = photo.astype(np.float32) / 255
    straight, alpha = resize_with_alpha(image, np.ones(image.shape[:2], np.float32), Extent(100, 90))
    assert np.array_equal(straight, resize(image, Extent(100, 90)))
    assert (alpha == 1).all()
