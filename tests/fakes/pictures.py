"""Pictures that an engine can do something with."""

import numpy as np

from foveate_server.picture_files.picture import DTYPES, Picture
from foveate_shared.pixels import Channels, SampleType


def scene(dtype=SampleType.U8, channels=Channels.RGB, side=64):
    """A soft picture: blocks of colour with ramps between them."""
    random = np.random.default_rng(3)
    coarse = random.random((side // 8, side // 8, channels.count))
    values = coarse.repeat(8, axis=0).repeat(8, axis=1)
    for axis in (0, 1):
        for _ in range(3):
            values = (np.roll(values, 1, axis) + values + np.roll(values, -1, axis)) / 3
    scaled = values if dtype.is_float else np.rint(values * np.iinfo(DTYPES[dtype]).max)
    return Picture(scaled.astype(DTYPES[dtype]), channels)
