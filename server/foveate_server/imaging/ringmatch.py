"""Giving a re-rendered region the colours of its surroundings: what the ring around it lacks, carried inwards."""

from __future__ import annotations

import numpy as np
import scipy

from foveate_server.imaging import pushpull
from foveate_server.imaging.resize import Filter, resize
from foveate_server.imaging.samples import FloatArray
from foveate_shared.geometry import Extent

_SIDE = 96  # pixels, longest side, at which the difference is looked at: it holds low frequencies alone
_SIGMA = 1.5  # pixels of that: smooths what the pyramid filled in
_TINY = np.float32(1e-6)
_LEAST_RING = 0.002  # of the picture: a smaller ring says nothing


def match_ring(rendered: FloatArray, original: FloatArray, mask: FloatArray) -> FloatArray:
    """Return `rendered` with the difference that the surroundings show.

    Parameters
    ----------
    rendered, original : (height, width, channels) float32
        Of one extent and in one encoding, of any range.
    mask : (height, width) float32
        Within 0..1: where it is 0 nothing was to change, so what differs there is the renderer's own shift of colours.

    Returns
    -------
    matched : (height, width, channels) float32
        Not clipped. `rendered` itself where less than 0.2 % of the picture are surroundings, or nothing differs there.

    Notes
    -----
    The mean difference of the surroundings, at 96 pixels of the longer side, is carried into the region by
    :func:`pushpull.fill` and smoothed, so only low frequencies are moved.
    """
    around = (mask <= 0).astype(np.float32)
    if around.mean() < _LEAST_RING:
        return rendered
    difference = (original - rendered) * around[..., np.newaxis]
    if not difference.any():
        return rendered
    extent = Extent(rendered.shape[1], rendered.shape[0])
    small = extent.scaled(min(1.0, _SIDE / max(extent.width, extent.height)))
    weight = resize(around, small, Filter.BOX)
    mean = (resize(difference, small, Filter.BOX) / np.maximum(weight, _TINY)[..., np.newaxis]).astype(np.float32)
    spread = scipy.ndimage.gaussian_filter(pushpull.fill(mean, weight), (_SIGMA, _SIGMA, 0), mode="nearest")
    return rendered + resize(spread, extent, Filter.BICUBIC)
