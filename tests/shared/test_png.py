"""The files that results are packed as: any other program reads the same samples."""

import io

import numpy as np
import pytest
from PIL import Image

from foveate_shared import png
from foveate_shared.geometry import Extent
from foveate_shared.pixels import Channels, PixelFormat, RowOrder, SampleType

LARGEST_BLOCK = 65535  # bytes that deflate stores at a time
LAYOUTS = {1: Channels.Y, 2: Channels.YA, 3: Channels.RGB, 4: Channels.RGBA}


def encoded(samples, order=RowOrder.TOP_DOWN):
    height, width, channels = samples.shape
    layout = PixelFormat(SampleType.U8, LAYOUTS[channels], rows=order)
    return png.encode(samples.tobytes(), Extent(width, height), layout)


def decoded(data):
    return np.asarray(Image.open(io.BytesIO(data)))


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (5, 300), (700, 400), (LARGEST_BLOCK // 4 + 1, 3)])
@pytest.mark.parametrize("kind", ["noise", "flat"])
def test_what_is_encoded_is_read_exactly(size, kind):
    width, height = size
    noise = np.random.default_rng(7).integers(0, 256, (height, width, 4), np.uint8)
    samples = noise if kind == "noise" else np.full_like(noise, 201)
    assert np.array_equal(decoded(encoded(samples)), samples)
    assert np.array_equal(decoded(encoded(samples, RowOrder.BOTTOM_UP)), samples[::-1])


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_grey_and_opaque_pictures_keep_their_channels(channels):
    samples = np.random.default_rng(7).integers(0, 256, (20, 30, channels), np.uint8)
    assert np.array_equal(decoded(encoded(samples)).reshape(samples.shape), samples)


def test_what_shrinks_a_lot_is_compressed_and_all_else_stored():
    samples = np.zeros((700, 400, 4), np.uint8)
    assert len(encoded(samples)) < samples.nbytes / 50
    samples[::2] = np.random.default_rng(7).integers(0, 256, samples[::2].shape, np.uint8)
    assert samples.nbytes < len(encoded(samples)) < 1.01 * samples.nbytes


@pytest.mark.parametrize(
    "layout", [PixelFormat(SampleType.F32, Channels.RGBA), PixelFormat(SampleType.U8, Channels.BGRA)]
)
def test_what_a_file_does_not_hold_is_refused(layout):
    with pytest.raises(ValueError, match="a PNG is not written from"):
        png.encode(bytes(16), Extent(1, 1), layout)
