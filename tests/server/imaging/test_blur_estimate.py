import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image
from scipy import ndimage

from foveate_server.imaging.blur_estimate import BLURRIEST, SHARPEST, estimate_blur, noise_level


@pytest.fixture(scope="module")
def sharp_crops(photos):
    """Busy 128-pixel crops of photos that were reduced to half, so that they are as sharp as their sampling."""
    places = {"astronaut": (20, 60), "chelsea": (10, 50), "coffee": (60, 80)}
    crops = []
    for name, (top, left) in places.items():
        half = np.asarray(Image.fromarray(photos[name]).reduce(2), np.float32) / 255
        crops.append(half[top : top + 128, left : left + 128])
    return crops


def blurred(crop, sigma):
    return ndimage.gaussian_filter(crop, (sigma, sigma, 0), mode="reflect")


@pytest.mark.parametrize("sigma", [1.0, 1.5, 2.5, 4.0, 6.0])
def test_blur_is_read_within_a_factor_of_one_and_a_half(sharp_crops, sigma):
    truth = np.hypot(sigma, 0.55)
    for crop in sharp_crops:
        assert 1 / 1.6 < estimate_blur(blurred(crop, sigma)) / truth < 1.6


def test_more_blur_reads_as_more(sharp_crops):
    for crop in sharp_crops:
        read = [estimate_blur(blurred(crop, sigma)) for sigma in (0.5, 1, 1.5, 2, 3, 4, 6)]
        assert read == sorted(read)


@pytest.mark.parametrize("sigma", [1.5, 3.0])
def test_noise_and_jpeg_hardly_change_the_reading(sharp_crops, sigma):
    random = np.random.default_rng(0)
    for crop in sharp_crops:
        soft = blurred(crop, sigma)
        clean = estimate_blur(soft)
        noisy = soft + random.normal(0, 0.02, soft.shape).astype(np.float32)
        stream = io.BytesIO()
        Image.fromarray(np.rint(np.clip(soft, 0, 1) * 255).astype("u1")).save(stream, "JPEG", quality=70)
        compressed = np.asarray(Image.open(stream), np.float32) / 255
        assert estimate_blur(noisy) == pytest.approx(clean, rel=0.25)
        assert estimate_blur(compressed) == pytest.approx(clean, rel=0.25)


def test_sharp_pictures_read_as_sharp(sharp_crops):
    assert all(estimate_blur(crop) < 1.1 for crop in sharp_crops)


@pytest.mark.parametrize("shape", [(1, 1, 3), (5, 200, 3), (64, 64, 3)])
def test_pictures_without_structure_read_as_sharp(shape):
    assert estimate_blur(np.full(shape, 0.3, np.float32)) == SHARPEST


@given(hnp.arrays(np.float32, (16, 19, 3), elements=st.floats(0, 1, width=32)))
@settings(max_examples=25, deadline=None)
def test_any_picture_gets_an_answer_in_range(image):
    assert SHARPEST <= estimate_blur(image) <= BLURRIEST


def test_noise_is_measured():
    plane = np.random.default_rng(1).normal(0.5, 0.03, (200, 200)).astype(np.float32)
    assert noise_level(plane) == pytest.approx(0.03, rel=0.05)
