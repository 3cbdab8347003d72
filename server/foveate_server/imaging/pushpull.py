"""Filling holes smoothly from their surroundings: the push-pull pyramid (Gortler and others, "The Lumigraph", 1996)."""

from __future__ import annotations

import numpy as np

from foveate_server.imaging.resize import Filter, resize
from foveate_server.imaging.samples import FloatArray
from foveate_shared.geometry import Extent

_TINY = np.float32(1e-6)


def fill(image: FloatArray, known: FloatArray) -> FloatArray:
    """Return `image` with what is not known filled in smoothly from around it: the push-pull pyramid.

    Parameters
    ----------
    image : (height, width, channels) float32
        Of any range.
    known : (height, width) float32
        Within 0..1: 1 keeps the very sample, 0 takes nothing of it, what is between mixes.

    Returns
    -------
    filled : (height, width, channels) float32
        Where nothing at all is known, the mean of `image` throughout.

    Notes
    -----
    Pull: each level of half the size holds the weighted mean of the one below, and counts as known as soon as a quarter
    of it is, so that holes shrink until none is left. Push: on the way back, what is not known is taken from the
    coarser level, enlarged [1]_. Here means are taken by area, and enlarged bilinearly.

    References
    ----------
    .. [1] S. J. Gortler, R. Grzeszczuk, R. Szeliski and M. F. Cohen, "The Lumigraph", SIGGRAPH 1996, 43-54.
           :DOI:`10.1145/237170.237200`
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
