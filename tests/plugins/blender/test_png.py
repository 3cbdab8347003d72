"""The files that results are packed as: any other program reads the same samples."""

import io

import numpy as np
import pytest
from PIL import Image

WHOLE_BLOCKS = (64, 2 * 255)  # rows of 257 bytes: deflate stores 65535 at a time, which is 255 of them


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (5, 300), (700, 400), WHOLE_BLOCKS])
@pytest.mark.parametrize("kind", ["noise", "flat"])
def test_what_is_encoded_is_read_exactly(module, size, kind):
    width, height = size
    noise = np.random.default_rng(7).integers(0, 256, (height, width, 4), np.uint8)
    samples = noise if kind == "noise" else np.full_like(noise, 201)
    decoded = np.asarray(Image.open(io.BytesIO(module("png").encode(samples))))
    assert np.array_equal(decoded, samples[::-1])


def test_what_shrinks_a_lot_is_compressed_and_all_else_stored(module):
    samples = np.zeros((700, 400, 4), np.uint8)
    assert len(module("png").encode(samples)) < samples.nbytes / 50
    samples[::2] = np.random.default_rng(7).integers(0, 256, samples[::2].shape, np.uint8)
    assert samples.nbytes < len(module("png").encode(samples)) < 1.01 * samples.nbytes


def test_a_view_is_encoded_as_what_it_shows(module):
    samples = np.random.default_rng(7).integers(0, 256, (40, 60, 4), np.uint8)
    part = samples[5:25, 10:50]
    decoded = np.asarray(Image.open(io.BytesIO(module("png").encode(part))))
    assert np.array_equal(decoded, part[::-1])
