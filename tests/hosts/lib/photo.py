"""A photo, its edges, and another picture: for screenshots that people look at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from skimage import data, filters, transform

SIDE = 512


def photo() -> NDArray[np.uint8]:
    """Return a photo as (SIDE, SIDE, 4) of RGBA."""
    return _opaque(data.astronaut())


def edges() -> NDArray[np.uint8]:
    """Return its edges, light on dark."""
    strong = np.clip(6 * filters.sobel(data.astronaut().mean(axis=-1) / 255), 0, 1)
    return _opaque(np.repeat(np.rint(255 * strong).astype(np.uint8)[..., None], 3, axis=-1))


def film_still() -> NDArray[np.uint8]:
    """Return a picture that it shall look like."""
    cup = transform.resize(data.coffee(), (SIDE, SIDE), anti_aliasing=True)
    return _opaque(np.rint(255 * cup).astype(np.uint8))


def _opaque(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)])
