"""Coverage: how much of a result may be applied where. Never grows past the selection."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from foveate_server.imaging.samples import DTYPES, Buffer, FloatArray, view
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.pixels import Channels, PixelFormat, SampleType

_FEATHER_SHARE = 1 / 16  # of the region's short side
_LARGEST_FEATHER = 48  # pixels: a wider one only weakens the result


def coverage_from_samples(samples: NDArray[Any]) -> FloatArray:
    """Return coverage as sent as float32.

    Parameters
    ----------
    samples : (height, width) uint8, uint16 or a float type
        Full scale of an integer type means 1.

    Returns
    -------
    coverage : (height, width) float32
        Within 0..1; floats beyond are clipped.

    Raises
    ------
    InputError
        INVALID_PIXELS for NaN and infinities.
    """
    if samples.dtype.kind == "u":
        return samples.astype(np.float32) / np.float32(np.iinfo(samples.dtype).max)
    if not np.isfinite(samples).all():
        raise InputError(
            "The selection's coverage holds NaN or infinite values.",
            code=ErrorCode.INVALID_PIXELS,
            remedy="Make the selection anew, then try again.",
        )
    return np.clip(samples.astype(np.float32), 0, 1)


def decode_coverage(data: Buffer, pixel_format: PixelFormat, extent: Extent) -> FloatArray:
    """Return a coverage plane as float32.

    Parameters
    ----------
    data : bytes-like
        Rows without padding.
    pixel_format : PixelFormat
        One channel, of any sample type and row order.
    extent : Extent
        In pixels.

    Returns
    -------
    coverage : (height, width) float32
        Within 0..1, top row first.

    Raises
    ------
    InputError
        UNSUPPORTED_FORMAT for another layout than one channel, INVALID_PIXELS for a wrong size, NaN and infinities.
    """
    if pixel_format.channels is not Channels.Y:
        raise InputError(
            "A selection's coverage has one channel, but {count} was sent.",
            code=ErrorCode.UNSUPPORTED_FORMAT,
            remedy="Send coverage as one channel, 0 where nothing is selected.",
            count=pixel_format.channels.value,
        )
    return coverage_from_samples(view(data, pixel_format, extent)[..., 0])


def rectangle(region: Bounds, window: Bounds) -> FloatArray:
    """Return the coverage of a rectangular selection.

    Parameters
    ----------
    region, window : Bounds
        Both in document pixels. What of `region` lies outside of `window` is left out.

    Returns
    -------
    coverage : (height, width) float32
        In the frame of `window`: 1 within `region`, else 0.
    """
    coverage = np.zeros((window.height, window.width), np.float32)
    inside = region.intersect(window).relative_to(window)
    coverage[inside.y : inside.bottom, inside.x : inside.right] = 1
    return coverage


def feather_width(region: Bounds) -> int:
    """Return over how many pixels the effect should fade in from the edge of `region`.

    Parameters
    ----------
    region : Bounds
        In document pixels.

    Returns
    -------
    width : int
        A sixteenth of the short side, 48 at most; 0 for regions of less than 16 pixels.
    """
    return min(_LARGEST_FEATHER, int(min(region.width, region.height) * _FEATHER_SHARE))


def feather_inwards(coverage: FloatArray, width: int, *, window: Bounds, document: Extent) -> FloatArray:
    """Return `coverage` faded to 0 within its own edge; it is nowhere larger than before.

    Parameters
    ----------
    coverage : (height, width) float32
        Of `window`, within 0..1. A selection that is soft already keeps its own slope where that is gentler.
    width : int
        Pixels of the fade; 0 or less gives a copy.
    window : Bounds
        In document pixels.
    document : Extent
        In pixels. What lies beyond the window counts as not selected, except beyond the document's borders: there is no
        edge to hide, and the effect stays full.

    Returns
    -------
    faded : (height, width) float32
        The smaller of `coverage` and the :func:`smoothstep` of the distance to the nearest pixel that is not selected,
        over `width` + 1.

    See Also
    --------
    scipy.ndimage.distance_transform_edt : the Euclidean distance that it uses
    """
    if width <= 0:
        return coverage.copy()
    edges = _open_edges(window, document)
    selected = np.pad(coverage > 0, _pads(edges, closed=1, is_open=0), constant_values=False)
    selected = np.pad(selected, _pads(edges, closed=0, is_open=width + 1), mode="edge")
    if selected.all():
        return coverage.copy()
    distance = scipy.ndimage.distance_transform_edt(selected).astype(np.float32)
    top, left = (width + 1 if edge else 1 for edge in (edges[0], edges[2]))
    distance = distance[top : top + coverage.shape[0], left : left + coverage.shape[1]]
    return np.minimum(coverage, smoothstep(distance / np.float32(width + 1)))


def smoothstep(share: NDArray[np.floating[Any]]) -> FloatArray:
    """Return a rise from 0 to 1 over shares from 0 to 1 that begins and ends without a kink.

    Parameters
    ----------
    share : float, any shape
        Clipped to 0..1.

    Returns
    -------
    smooth : float32, of the same shape
        ``3 share**2 - 2 share**3``.

    References
    ----------
    .. [1] https://registry.khronos.org/OpenGL-Refpages/gl4/html/smoothstep.xhtml
    """
    ramp = np.clip(share, 0, 1)
    smooth: FloatArray = (ramp * ramp * (3 - 2 * ramp)).astype(np.float32)
    return smooth


def fade_in(extent: Extent, beside: int, above: int) -> FloatArray:
    """Return coverage that rises from the left and from the top, to lay a part over an earlier one without a seam.

    Parameters
    ----------
    extent : Extent
        Of the coverage, in pixels.
    beside, above : int
        Pixels over which it rises from the left and from the top; 0 means no fade on that side.

    Returns
    -------
    coverage : (height, width) float32
        Within 0..1: the smaller of the two rises, each a :func:`smoothstep`.
    """
    columns, rows = _ramp(extent.width, beside), _ramp(extent.height, above)
    return np.minimum(columns[np.newaxis, :], rows[:, np.newaxis])


def _ramp(length: int, fade: int) -> FloatArray:
    position = (np.arange(length, dtype=np.float32) + np.float32(0.5)) / np.float32(max(fade, 1))
    return smoothstep(position) if fade else np.ones(length, np.float32)


def coverage_format(document: PixelFormat) -> PixelFormat:
    """Return the format of coverage that goes with a document's depth, so that fades have no steps in it.

    Parameters
    ----------
    document : PixelFormat
        Of the document.

    Returns
    -------
    coverage : PixelFormat
        One channel: u8 for u8, u16 for u16, f32 for f16 and f32.
    """
    dtype = {SampleType.U8: SampleType.U8, SampleType.U16: SampleType.U16}.get(document.dtype, SampleType.F32)
    return PixelFormat(dtype, Channels.Y)


def encode_coverage(coverage: FloatArray, pixel_format: PixelFormat) -> bytes:
    """Return coverage as the samples of a format.

    Parameters
    ----------
    coverage : (height, width) float32
        Clipped to 0..1.
    pixel_format : PixelFormat
        One channel; its row order is not looked at: the top row comes first.

    Returns
    -------
    data : bytes
        Integers are rounded to the nearest; 0 stays 0, and 1 is full scale.
    """
    dtype = DTYPES[pixel_format.dtype]
    amount = np.clip(coverage, 0, 1)
    if not pixel_format.dtype.is_float:
        amount = np.rint(amount * np.float32(np.iinfo(dtype).max))
    return bytes(amount.astype(dtype).tobytes())


def covered_bounds(coverage: NDArray[Any], window: Bounds) -> Bounds:
    """Return the smallest bounds that hold all coverage.

    Parameters
    ----------
    coverage : (height, width), any dtype
        Of `window`; what is not 0 counts.
    window : Bounds
        In document pixels.

    Returns
    -------
    bounds : Bounds
        In document pixels; of zero size, at the origin of `window`, where nothing is covered.
    """
    rows, columns = np.flatnonzero(coverage.any(axis=1)), np.flatnonzero(coverage.any(axis=0))
    if not len(rows):
        return Bounds(window.x, window.y, 0, 0)
    top, left = int(rows[0]), int(columns[0])
    return Bounds(window.x + left, window.y + top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top)


def _open_edges(window: Bounds, document: Extent) -> tuple[bool, bool, bool, bool]:
    """Tell which edges (top, bottom, left, right) of the window are borders of the document."""
    return window.y <= 0, window.bottom >= document.height, window.x <= 0, window.right >= document.width


def _pads(edges: tuple[bool, bool, bool, bool], *, closed: int, is_open: int) -> list[tuple[int, int]]:
    top, bottom, left, right = (is_open if edge else closed for edge in edges)
    return [(top, bottom), (left, right)]
