"""Profiles that are made of a space's name mean that space, to our own reader and to another one."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from foveate_server.imaging.color import color_transform
from foveate_server.imaging.make_profile import profile_of_name
from foveate_server.imaging.rgb_spaces import GRAY_SPACES, RGB_SPACES

STEPS = np.random.default_rng(0).random((1, 50, 3), np.float32)


@pytest.mark.parametrize("name", RGB_SPACES)
def test_a_made_profile_is_the_space(name):
    by_name = color_transform(name, None, gray=False).to_working(STEPS)
    np.testing.assert_allclose(
        color_transform(None, profile_of_name(name), gray=False).to_working(STEPS), by_name, atol=0.002
    )


@pytest.mark.parametrize("name", GRAY_SPACES)
def test_a_made_profile_is_the_curve_of_grey(name):
    by_name = color_transform(name, None, gray=True).to_working(STEPS[..., :1])
    made = color_transform(None, profile_of_name(name), gray=True).to_working(STEPS[..., :1])
    np.testing.assert_allclose(made, by_name, atol=0.002)


@pytest.mark.parametrize("name", ["display-p3", "adobe-rgb", "srgb"])
def test_little_cms_reads_it_alike(name):
    made = ImageCms.ImageCmsProfile(io.BytesIO(profile_of_name(name)))
    image = Image.fromarray(np.rint(0.25 * 255 + STEPS * 100).astype(np.uint8))
    seen = np.asarray(ImageCms.profileToProfile(image, made, ImageCms.createProfile("sRGB"), renderingIntent=1))
    ours = color_transform(name, None, gray=False).to_working(np.asarray(image, np.float32) / 255)
    inside = ((ours > 0) & (ours < 1)).all(axis=-1)
    assert np.abs(seen / 255 - ours)[inside].max() < 2 / 255
