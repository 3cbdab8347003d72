"""What a mask selects: white and what is opaque, at eight bits."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from foveate_server.picture_files.read import read_picture
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.pixels import AlphaMode


def read_coverage(path: Path, *, inverted: bool = False) -> NDArray[np.uint8]:
    """Return the mask in `path` as (height, width) 8-bit coverage: what it selects or, `inverted`, does not.

    White is selected, and nothing that is transparent. Where all that shows has one colour, as what was painted on a
    transparent layer, the alpha alone is the mask. Raises InputError where it is coloured.
    """
    coverage = _selected(path)
    return 255 - coverage if inverted else coverage


def sha256_of_coverage(coverage: NDArray[np.uint8]) -> str:
    """Return the SHA-256 of coverage, row by row, as recipes name a mask by it."""
    return hashlib.sha256(coverage.tobytes()).hexdigest()


def _selected(path: Path) -> NDArray[np.uint8]:
    picture = read_picture(path)
    samples = _in_8_bits(picture.samples)
    color = samples[..., : picture.channels.count - picture.channels.has_alpha]
    if not picture.channels.has_alpha or (samples[..., -1] == 255).all():
        return _grey(path, color)
    alpha = np.ascontiguousarray(samples[..., -1])
    shown = color[alpha > 0]
    if picture.alpha is AlphaMode.PREMULTIPLIED:
        return _grey(path, color) if shown.any() else alpha
    if not len(shown) or (shown == shown[0]).all():
        return alpha
    grey = _grey(path, np.where(alpha[..., np.newaxis] > 0, color, 0))
    return ((grey.astype(np.uint16) * alpha + 127) // 255).astype(np.uint8)


def _in_8_bits(samples: NDArray[Any]) -> NDArray[np.uint8]:
    """Return samples at eight bits, rounded; what is not finite selects nothing."""
    if samples.dtype == np.uint8:
        return samples
    if samples.dtype == np.uint16:
        return ((samples.astype(np.uint32) * 255 + 32_767) // 65_535).astype(np.uint8)
    levels = np.where(np.isfinite(samples), samples, 0).clip(0, 1).astype(np.float32)
    return np.rint(levels * 255).astype(np.uint8)


def _grey(path: Path, color: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if (color != color[..., :1]).any():
        raise InputError(
            f"The mask {path.name} is coloured.",
            code=ErrorCode.INVALID_REGION,
            remedy="Save it in grey: white is selected, black is not.",
        )
    return np.ascontiguousarray(color[..., 0])
