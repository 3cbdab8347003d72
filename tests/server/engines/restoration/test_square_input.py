from __future__ import annotations

import numpy as np
import pytest

from foveate_server.engines.restoration.square_input import from_square, to_square
from foveate_shared.geometry import Extent


@pytest.mark.parametrize("extent", [Extent(64, 64), Extent(90, 40), Extent(31, 77), Extent(5, 4), Extent(300, 200)])
def test_there_and_back_keeps_a_smooth_image(extent: Extent) -> None:
    y, x = np.mgrid[: extent.height, : extent.width].astype(np.float32)
    image = np.stack([x / 300, y / 200, (x + y) / 500], axis=2).astype(np.float32)
    square = to_square(image, 128)
    assert square.shape == (128, 128, 3)
    back = from_square(square, extent)
    assert back.shape == image.shape
    assert np.abs(back - image).max() < 0.02


def test_the_image_lies_in_the_middle() -> None:
    image = np.zeros((10, 30, 3), np.float32)
    image[5, 15] = 1
    bright = np.argwhere(to_square(image, 60)[..., 0] > 0.4)
    assert np.abs(bright.mean(axis=0) - 30).max() <= 2
