"""Arrays of samples: windows out of them, patches into them. Without Blender.

All arrays are (height, width, channels) with the bottom row first, as Blender has them; bounds count from the top, as
everywhere in Foveate.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._shared import errors, geometry, host, pixels

Samples = NDArray[Any]  # uint8 or float32
FloatArray = NDArray[np.float32]

_DTYPES = {pixels.SampleType.U8: np.uint8, pixels.SampleType.U16: np.uint16, pixels.SampleType.F32: np.float32}
_PIXELS = {1: np.uint8, 2: np.uint16, 4: np.uint32, 8: np.uint64, 16: np.complex128}  # by bytes
_BAND_ROWS = 32
_CHANNELS = {1: pixels.Channels.Y, 2: pixels.Channels.YA, 3: pixels.Channels.RGB, 4: pixels.Channels.RGBA}


def extent_of(samples: Samples) -> geometry.Extent:
    """Return the size of an image."""
    return geometry.Extent(samples.shape[1], samples.shape[0])


def format_of(samples: Samples, *, premultiplied: bool) -> pixels.PixelFormat:
    """Return the layout of an image's memory."""
    alpha = pixels.AlphaMode.PREMULTIPLIED if premultiplied else pixels.AlphaMode.STRAIGHT
    dtype = pixels.SampleType.U8 if samples.dtype == np.uint8 else pixels.SampleType.F32
    return pixels.PixelFormat(dtype, _CHANNELS[samples.shape[2]], alpha, pixels.RowOrder.BOTTOM_UP)


def view(samples: Samples, bounds: geometry.Bounds) -> Samples:
    """Return the part of an image that lies in `bounds`: not a copy."""
    height = samples.shape[0]
    return samples[height - bounds.bottom : height - bounds.y, bounds.x : bounds.right]


def covered(plane: Samples) -> geometry.Bounds:
    """Return the bounds of what is above nothing in a coverage, (height, width, 1); empty where nothing is."""
    rows, columns = np.flatnonzero(plane.any(axis=(1, 2))), np.flatnonzero(plane.any(axis=(0, 2)))
    if not rows.size:
        return geometry.Bounds(0, 0, 0, 0)
    top, left = plane.shape[0] - 1 - int(rows[-1]), int(columns[0])
    return geometry.Bounds(left, top, int(columns[-1]) + 1 - left, int(rows[-1] - rows[0]) + 1)


def window(samples: Samples, bounds: geometry.Bounds, layout: pixels.PixelFormat) -> host.Image:
    """Return a part of an image at its own size, tightly packed. Raises ProtocolError outside of the image."""
    if bounds.is_empty or not extent_of(samples).bounds.contains(bounds):
        raise errors.ProtocolError("The server asked for pixels outside of the image.", fault=errors.Fault.SERVER)
    part = np.ascontiguousarray(view(samples, bounds))  # a copy only where the part is no whole rows
    return host.Image(bounds.extent, part.data.cast("B"), layout)


def coverage_window(region: Samples, region_bounds: geometry.Bounds, bounds: geometry.Bounds) -> host.Image:
    """Return the coverage of `bounds`: (height, width, 1) of `region` where they meet, and nothing elsewhere."""
    plane = np.zeros((bounds.height, bounds.width, 1), region.dtype)
    common = bounds.intersect(region_bounds)
    if not common.is_empty:
        view(plane, common.relative_to(bounds))[...] = view(region, common.relative_to(region_bounds))
    return host.Image(bounds.extent, plane.tobytes(), format_of(plane, premultiplied=False))


def bytes_of(values: FloatArray) -> Samples:
    """Return samples of 8 bits that Blender gave as floats: exactly those that it holds."""
    made = np.empty(values.shape, np.uint8)
    scratch = np.empty((_BAND_ROWS, *values.shape[1:]), np.float32)  # stays in the processor's cache
    for rows in _bands(values.shape[0]):
        scaled = scratch[: rows.stop - rows.start]
        np.multiply(values[rows], np.float32(255), out=scaled)
        np.add(scaled, np.float32(0.5), out=scaled)
        np.copyto(made[rows], scaled, casting="unsafe")
    return made


def apply_patches(samples: Samples, patches: Iterable[host.ResultPatch], layout: pixels.PixelFormat) -> None:
    """Blend patches into an image, in place. Raises ProtocolError where one does not fit."""
    for patch in patches:
        if patch.pixels.format != layout or not extent_of(samples).bounds.contains(patch.bounds):
            raise errors.ProtocolError("The server's result does not fit the image.", fault=errors.Fault.SERVER)
        old, new = view(samples, patch.bounds), unpack(patch.pixels)
        if patch.coverage is None:
            old[...] = new
            continue
        coverage = unpack(patch.coverage)
        for rows in _bands(old.shape[0]):
            _blend(old[rows], new[rows], coverage[rows])


def _blend(old: Samples, new: Samples, coverage: Samples) -> None:
    """Write `new` over `old` as far as it covers it; where that is nothing, the old samples stay as they are.

    `coverage` is (height, width, 1), whole numbers or 0 to 1.
    """
    full = 1 if coverage.dtype == np.float32 else np.iinfo(coverage.dtype).max
    plane = coverage[..., 0]
    soft = np.nonzero((plane > 0) & (plane < full))
    base, wanted = old[soft].astype(np.float32), new[soft].astype(np.float32)
    mixed = base + (wanted - base) * (plane[soft].astype(np.float32) / np.float32(full))[:, None]
    if old.dtype == np.uint8:
        mixed = np.rint(np.clip(mixed, 0, 255))
    old[soft] = mixed.astype(old.dtype)
    np.copyto(_whole_pixels(old), _whole_pixels(new), where=coverage >= full)


def _whole_pixels(samples: Samples) -> Samples:
    """Return the same memory with all channels of a pixel as one element, where there is such a type: to be copied."""
    kind = _PIXELS.get(samples.itemsize * samples.shape[2])
    return samples if kind is None else samples.view(kind)


def _bands(height: int) -> Iterator[slice]:
    """Yield some rows after the other: what is worked out in between stays small."""
    return (slice(top, min(top + _BAND_ROWS, height)) for top in range(0, height, _BAND_ROWS))


def unpack(image: host.Image) -> Samples:
    """Return the samples of a packed image, bottom row first."""
    layout = image.format
    shape = (image.extent.height, image.extent.width, layout.channels.count)
    samples = np.frombuffer(image.data, _DTYPES[layout.dtype]).reshape(shape)
    return samples if layout.rows is pixels.RowOrder.BOTTOM_UP else samples[::-1]
