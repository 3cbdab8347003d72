"""Orientation: applied to the pixels when a file is read, and set back in the Exif block that is kept.

The numbers are those of Exif 2.32, tag 0x0112: 1 is upright.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

ORIENTATION_TAG = 0x0112
SHORT = 3  # a field type of TIFF

Samples = NDArray[Any]


def upright(samples: Samples, orientation: int) -> Samples:
    """Return (height, width, channels) samples turned so that orientation 1 is true of them; a view where possible."""
    if orientation in (2, 3):
        samples = samples[:, ::-1]
    if orientation in (3, 4):
        samples = samples[::-1]
    if orientation in (5, 6, 7, 8):
        samples = samples.swapaxes(0, 1)
    if orientation in (6, 7):
        samples = samples[:, ::-1]
    if orientation in (7, 8):
        samples = samples[::-1]
    return np.ascontiguousarray(samples)


def with_upright_tag(exif: bytes) -> bytes | None:
    """Return the block with its orientation set to 1; None where it is too damaged to be carried over."""
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None:
        return None
    block = bytearray(exif)
    try:
        (directory,) = struct.unpack_from(order + "I", block, 4)
        (count,) = struct.unpack_from(order + "H", block, directory)
        for entry in range(directory + 2, directory + 2 + 12 * count, 12):
            tag, field_type = struct.unpack_from(order + "HH", block, entry)
            if tag == ORIENTATION_TAG and field_type == SHORT:
                struct.pack_into(order + "H", block, entry + 8, 1)
    except struct.error:
        return None
    return bytes(block)
