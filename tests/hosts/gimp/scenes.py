"""Pictures that a restorer can do something with."""

import numpy as np


def scene(width, height):
    """Return a picture whose parts are all a little soft: small blocks of colour with narrow ramps between them."""
    coarse = np.random.default_rng(3).random((height // 4, width // 4, 3))
    values = coarse.repeat(4, axis=0).repeat(4, axis=1)
    for axis in (0, 1):
        values = (np.roll(values, 1, axis) + values + np.roll(values, -1, axis)) / 3
    return np.rint(values * 255).astype(np.uint8)
