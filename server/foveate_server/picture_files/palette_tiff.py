"""The colours of a TIFF's palette, whose maps hold 16 bits: the upper 8 are meant, as programs write and read them.

OpenImageIO scales them instead, so that a map whose lower bits are empty comes out one level too dark, and two colours
as one.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def colors_of(path: Path, decoded: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Return the samples of the palette TIFF at `path`, not turned; `decoded`, as OpenImageIO read them, if need be."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about many pixels, which were counted before
            # Not by its name: Pillow would map the file, and take the sides of one that is to be turned for each other.
            with path.open("rb") as stream, Image.open(stream) as image:
                if image.mode != "P":
                    return decoded
                colors = np.asarray(image.convert("RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return decoded
    candidates = (colors, _unturned(colors, orientation))
    return next((each for each in candidates if _is_near(each, decoded)), decoded)


def _is_near(colors: NDArray[Any], decoded: NDArray[Any]) -> bool:
    """Tell whether samples differ by a level at most, as two readings of one palette do."""
    if colors.shape != decoded.shape:
        return False
    return bool((np.maximum(colors, decoded) - np.minimum(colors, decoded)).max() <= 1)


def _unturned(upright: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Undo what Pillow does with a TIFF's orientation."""
    if orientation in {7, 8}:
        upright = upright[::-1]
    if orientation in {6, 7}:
        upright = upright[:, ::-1]
    if orientation in {5, 6, 7, 8}:
        upright = upright.swapaxes(0, 1)
    if orientation in {3, 4}:
        upright = upright[::-1]
    if orientation in {2, 3}:
        upright = upright[:, ::-1]
    return upright
