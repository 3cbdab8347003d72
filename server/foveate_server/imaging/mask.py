"""Coverage: how much of a result may be applied where. Never grows past the selection."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from foveate_server.imaging.samples import DTYPES, Buffer, FloatArray, view
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.pixels import Channels, PixelFormat, SampleType

_FEATHER_SHARE = 1 / 16  # of the region's short side
_LARGEST_FEATHER = 48  # pixels: a wider one only weakens the result


def coverage_from_samples(samples: NDArray[Any]) -> FloatArray:
    """Return coverage as sent, (height, width) in u8, u16 or a float type, as float32 in 0..1.

    Raises InputError (INVALID_PIXELS) for NaN and infinities.
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
    """Return a coverage plane as float32 (height, width) in 0..1, top row first.

    Raises InputError for another layout than one channel (UNSUPPORTED_FORMAT), a wrong size and NaN (INVALID_PIXELS).
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
    """Return the coverage of a rectangular selection in the frame of `window`: 1 within `region`, else 0."""
    coverage = np.zeros((window.height, window.width), np.float32)
    inside = region.intersect(window).relative_to(window)
    coverage[inside.y : inside.bottom, inside.x : inside.right] = 1
    return coverage


def feather_width(region: Bounds) -> int:
    """Return over how many pixels the effect should fade in from the edge of `region`; 0 for tiny regions."""
    return min(_LARGEST_FEATHER, int(min(region.width, region.height) * _FEATHER_SHARE))


def feather_inwards(coverage: FloatArray, width: int, *, window: Bounds, document: Extent) -> FloatArray:
    """Return `coverage` faded to 0 over `width` pixels within its own edge; it is nowhere larger than before.

    `coverage` is (height, width) of `window`, both in document pixels. What lies beyond the window counts as not
    selected, except beyond the document's borders: there is no edge to hide, and the effect stays full. A selection
    that is soft already keeps its own slope where that is gentler.
    """
    if width <= 0:
        return coverage.copy()
    edges = _open_edges(window, document)
    selected = np.pad(coverage > 0, _pads(edges, closed=1, is_open=0), constant_values=False)
    selected = np.pad(selected, _pads(edges, closed=0, is_open=width + 1), mode="edge")
    if selected.all():
        return coverage.copy()
    distance = ndimage.distance_transform_edt(selected).astype(np.float32)
    top, left = (width + 1 if edge else 1 for edge in (edges[0], edges[2]))
    distance = distance[top : top + coverage.shape[0], left : left + coverage.shape[1]]
    return np.minimum(coverage, smoothstep(distance / np.float32(width + 1)))


def smoothstep(share: NDArray[np.floating[Any]]) -> FloatArray:
    """Return a rise from 0 to 1 over shares from 0 to 1, of any shape, that begins and ends without a kink."""
    ramp = np.clip(share, 0, 1)
    smooth: FloatArray = (ramp * ramp * (3 - 2 * ramp)).astype(np.float32)
    return smooth


def fade_in(extent: Extent, beside: int, above: int) -> FloatArray:
    """Return coverage, (height, width), that rises over `beside` pixels from the left and `above` from the top.

    With it a part of a picture is laid over an earlier one without a seam; 0 pixels mean no fade on that side.
    """
    columns, rows = _ramp(extent.width, beside), _ramp(extent.height, above)
    return np.minimum(columns[np.newaxis, :], rows[:, np.newaxis])


def _ramp(length: int, fade: int) -> FloatArray:
    position = (np.arange(length, dtype=np.float32) + np.float32(0.5)) / np.float32(max(fade, 1))
    return smoothstep(position) if fade else np.ones(length, np.float32)


def coverage_format(document: PixelFormat) -> PixelFormat:
    """Return the format of coverage that goes with a document's depth, so that fades have no steps in it."""
    dtype = {SampleType.U8: SampleType.U8, SampleType.U16: SampleType.U16}.get(document.dtype, SampleType.F32)
    return PixelFormat(dtype, Channels.Y)


def encode_coverage(coverage: FloatArray, pixel_format: PixelFormat) -> bytes:
    """Return coverage in 0..1 as the samples of `pixel_format` (one channel); 0 stays 0, and 1 is full scale."""
    dtype = DTYPES[pixel_format.dtype]
    amount = np.clip(coverage, 0, 1)
    if not pixel_format.dtype.is_float:
        amount = np.rint(amount * np.float32(np.iinfo(dtype).max))
    return bytes(amount.astype(dtype).tobytes())


def covered_bounds(coverage: NDArray[Any], window: Bounds) -> Bounds:
    """Return the smallest bounds in the document that hold all coverage above 0; of zero size where there is none."""
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
