"""Filling holes smoothly from their surroundings: the push-pull pyramid (Gortler and others, "The Lumigraph", 1996)."""

from __future__ import annotations

import numpy as np

from foveate_server.imaging.resize import Filter, resize
from foveate_server.imaging.samples import FloatArray
from foveate_shared.geometry import Extent

_TINY = np.float32(1e-6)


def fill(image: FloatArray, known: FloatArray) -> FloatArray:
    """Return `image`, (height, width, channels), with what is not known filled in from around it.

    `known` is (height, width) in 0..1: 1 keeps the very sample, 0 takes nothing of it. Where nothing at all is known,
    the result is the image's mean.
    """
    if known.min() >= 1:
        return image.copy()
    if not known.any():
        return np.broadcast_to(image.mean(axis=(0, 1)), image.shape).astype(np.float32)
    return _filled(image * known[..., np.newaxis], known.astype(np.float32))


def _filled(weighted: FloatArray, weight: FloatArray) -> FloatArray:
    """Return the filled image of (image times weight, weight), from the coarsest level of the pyramid on."""
    height, width = weight.shape
    share = np.minimum(weight, 1)[..., np.newaxis]
    own = weighted / np.maximum(weight, _TINY)[..., np.newaxis]
    if max(height, width) == 1:
        return own.astype(np.float32)
    half = Extent(-(-width // 2), -(-height // 2))
    # A coarse pixel is known as soon as a quarter of it is: holes shrink from level to level until none is left.
    total, amount = resize(weighted, half, Filter.BOX), resize(weight, half, Filter.BOX)
    gain = (np.minimum(amount * 4, 1) / np.maximum(amount, _TINY)).astype(np.float32)
    coarse = _filled(total * gain[..., np.newaxis], amount * gain)
    below = resize(coarse, Extent(width, height), Filter.BILINEAR)
    filled: FloatArray = np.where(share >= 1, own, below + share * (own - below)).astype(np.float32)
    return filled
