"""Resampling float images to any extent, with antialiasing; values beyond 0..1 are kept as they are."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from enum import Enum

import numpy as np
from PIL import Image

from foveate_server.imaging.samples import FloatArray
from foveate_shared.geometry import Extent

_WORTH_THREADS = 1 << 18  # pixels of source and result from which on channels are resampled side by side
_LEAST_ALPHA = np.float32(1 / 512)  # below this, colour divided by alpha is noise


class Filter(Enum):
    """The kernels, in Pillow's implementation: all widen when reducing, so none aliases."""

    LANCZOS = Image.Resampling.LANCZOS  # the sharpest; overshoots a little at edges
    BICUBIC = Image.Resampling.BICUBIC
    BILINEAR = Image.Resampling.BILINEAR  # never overshoots: for masks and coverage
    BOX = Image.Resampling.BOX  # area average: exact for whole reductions


def resize(image: FloatArray, extent: Extent, kernel: Filter = Filter.LANCZOS) -> FloatArray:
    """Return `image` resampled to `extent`; the borders of source and result coincide.

    Parameters
    ----------
    image : (height, width) or (height, width, channels) float32
        Of any range; values beyond 0..1 are kept as they are.
    extent : Extent
        Of the result, in pixels.
    kernel : Filter, optional
        Lanczos by default. All widen when reducing, so none aliases.

    Returns
    -------
    resized : float32, of as many dimensions
        LANCZOS and BICUBIC overshoot at edges, BILINEAR and BOX do not. The same extent gives a copy of the very
        values.

    References
    ----------
    .. [1] Pillow's filters. https://pillow.readthedocs.io/en/stable/handbook/concepts.html#concept-filters
    """
    if image.shape[:2] == (extent.height, extent.width):
        return image.copy()
    if image.ndim == 2:
        return _resize_plane(image, extent, kernel)
    result = np.empty((extent.height, extent.width, image.shape[2]), np.float32)

    def fill(channel: int) -> None:
        result[..., channel] = _resize_plane(image[..., channel], extent, kernel)

    channels = range(image.shape[2])
    if extent.area + image.shape[0] * image.shape[1] < _WORTH_THREADS:
        for channel in channels:
            fill(channel)
    else:  # Pillow and numpy let other threads run meanwhile
        with ThreadPoolExecutor(image.shape[2]) as pool:
            for _ in pool.map(fill, channels):
                pass
    return result


def resize_with_alpha(
    color: FloatArray, alpha: FloatArray, extent: Extent, kernel: Filter = Filter.LANCZOS
) -> tuple[FloatArray, FloatArray]:
    """Return straight colour and alpha resampled so that hidden colours do not bleed into visible pixels.

    Parameters
    ----------
    color : (height, width, channels) float32
        Straight, not multiplied by alpha; of any range.
    alpha : (height, width) float32
        Nominally 0..1.
    extent : Extent
        Of the result, in pixels.
    kernel : Filter, optional
        See :func:`resize`.

    Returns
    -------
    color : (height, width, channels) float32
        Within the range that it had, wherever it is visible. Where the result is invisible (alpha of at most 1/512),
        that of the plain resampling; so it is throughout where alpha is the same everywhere.
    alpha : (height, width) float32
        Within the range that it had, but for an alpha that is the same everywhere, which is merely resampled.

    Notes
    -----
    Colour is multiplied by alpha, resampled and divided again: the premultiplied alpha of [1]_.

    References
    ----------
    .. [1] T. Porter and T. Duff, "Compositing digital images", SIGGRAPH 1984, 253-259. :DOI:`10.1145/800031.808606`
    """
    cover = resize(alpha, extent, kernel)
    plain = resize(color, extent, kernel)
    if alpha.min() == alpha.max():
        return plain, cover
    weighted = resize(color * alpha[..., np.newaxis], extent, kernel)
    # Cover as it was resampled, overshoot and all: colour has the same, and the two cancel.
    straight = np.clip(weighted / np.maximum(cover, _LEAST_ALPHA)[..., np.newaxis], color.min(), color.max())
    visible = (cover > _LEAST_ALPHA)[..., np.newaxis]
    return np.where(visible, straight, plain), np.clip(cover, alpha.min(), alpha.max())


def _resize_plane(plane: FloatArray, extent: Extent, kernel: Filter) -> FloatArray:
    source = Image.fromarray(np.ascontiguousarray(plane, np.float32))
    return np.asarray(source.resize((extent.width, extent.height), kernel.value), np.float32)
