"""Giving a rendered crop the colours of its original: the low frequencies are the original's, the detail is kept."""

from __future__ import annotations

import scipy

from foveate_server.imaging.resize import Filter, resize
from foveate_server.imaging.samples import FloatArray
from foveate_shared.geometry import Extent

_REDUCED_SIGMA = 4.0  # pixels: what is left of a wide Gaussian after reduction; enough for a smooth enlargement
_SHARE = 1 / 16  # of the crop's short side: below it is colour and shading, above it detail


def match_low_frequencies(rendered: FloatArray, original: FloatArray, *, sigma: float | None = None) -> FloatArray:
    """Return `rendered` with the low frequencies of `original`: its colour and shading, and the detail of `rendered`.

    Parameters
    ----------
    rendered, original : (height, width, channels) float32
        Of one extent and in one encoding, of any range.
    sigma : float, optional
        Standard deviation, in pixels, of the Gaussian that parts low from high. By default a sixteenth of the short
        side, 1 at least.

    Returns
    -------
    matched : (height, width, channels) float32
        Not clipped. `rendered` itself where the two are equal, to the bit.

    Notes
    -----
    What is added is the difference of the two, low-passed with mirrored borders; from 8 pixels of `sigma` on at a
    reduced size, where that is cheap. A uniform correction would only move the border; this one follows shading.
    """
    sigma = max(1.0, min(rendered.shape[:2]) * _SHARE) if sigma is None else sigma
    difference = original - rendered
    if not difference.any():
        return rendered
    return rendered + _low_pass(difference, sigma)


def _low_pass(image: FloatArray, sigma: float) -> FloatArray:
    """Return `image` blurred by a Gaussian, borders mirrored; wide ones at a reduced size, where they are cheap."""
    height, width = image.shape[:2]
    factor = max(1, int(sigma / _REDUCED_SIGMA))
    small = resize(image, Extent(width, height).scaled(1 / factor), Filter.BOX)
    scale = (sigma * small.shape[0] / height, sigma * small.shape[1] / width, 0)
    blurred = scipy.ndimage.gaussian_filter(small, scale, mode="reflect", truncate=3.0)
    return resize(blurred, Extent(width, height), Filter.BICUBIC)
