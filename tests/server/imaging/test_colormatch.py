import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from foveate_server.imaging.colormatch import match_low_frequencies

IMAGES = hnp.arrays(np.float32, (9, 7, 3), elements=st.floats(0, 2, width=32))


@given(IMAGES)
@settings(max_examples=30, deadline=None)
def test_equal_images_are_left_to_the_bit(image):
    assert match_low_frequencies(image.copy(), image).tobytes() == image.tobytes()


@given(IMAGES, hnp.arrays(np.float32, (3,), elements=st.floats(-0.5, 0.5, width=32)))
@settings(max_examples=30, deadline=None)
def test_a_uniform_cast_vanishes(image, cast):
    assert np.allclose(match_low_frequencies(image + cast, image), image, atol=1e-5)


@pytest.mark.parametrize("sigma", [3.0, None, 30.0])
def test_shading_comes_back_and_detail_stays(photo, sigma):
    original = photo.astype(np.float32) / 255
    slope = np.linspace(-0.15, 0.15, 256, dtype=np.float32)[np.newaxis, :, np.newaxis]
    detail = 0.05 * np.random.default_rng(0).choice([-1, 1], original.shape).astype(np.float32)
    matched = match_low_frequencies(original + slope + detail, original, sigma=sigma)
    rest = matched - original
    inner = rest[:, 40:-40]
    assert np.abs(ndimage.gaussian_filter(inner, (12, 12, 0))).max() < 0.02
    assert np.std(inner) == pytest.approx(0.05, rel=0.1)
