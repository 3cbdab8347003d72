"""Tell whether two snapshots show the same where something was selected."""

from __future__ import annotations

import struct

from gi.repository import Gegl

from . import buffers
from ._shared import arrange_patches, geometry, pixels
from .formats import LayerFormat

_EVERYWHERE = struct.pack("<f", 1.0)
_NOISE = {pixels.SampleType.F32: 1e-5, pixels.SampleType.F16: 2e-3}  # in parts of white
_STRIP_BYTES = 16 << 20  # of each side, held at once


def same_where_covered(
    then: Gegl.Buffer, now: Gegl.Buffer, coverage: Gegl.Buffer | None, region: geometry.Bounds, layout: LayerFormat
) -> bool:
    """Tell whether no pixel of `region` differs that has any coverage; without coverage, all of them count."""
    size = layout.pixels.pixel_size
    for strip in arrange_patches.rows_of(region, size, _STRIP_BYTES):
        old, new = (buffers.read(side, strip, layout.name, size) for side in (then, now))
        if old == new:
            continue
        covered = _EVERYWHERE * strip.area if coverage is None else buffers.read(coverage, strip, "Y float", 4)
        if differs_where_covered(old, new, covered, layout.pixels):
            return False
    return True


def differs_where_covered(old: bytes, new: bytes, coverage: bytes, layout: pixels.PixelFormat) -> bool:
    """Tell whether any pixel differs whose coverage, a 32 bit float, is not 0."""
    size = layout.pixel_size
    covered = memoryview(coverage).cast("I")  # the bits of 0.0 are 0
    for at, level in enumerate(covered):
        pixel = slice(at * size, (at + 1) * size)
        if level and old[pixel] != new[pixel] and not _is_noise(old[pixel], new[pixel], layout):
            return True
    return False


def _is_noise(old: bytes, new: bytes, layout: pixels.PixelFormat) -> bool:
    """Tell whether floats differ so little as GIMP's own drawing does from one time to the next."""
    if not layout.dtype.is_float:
        return False
    code = f"<{layout.channels.count}{'e' if layout.dtype is pixels.SampleType.F16 else 'f'}"
    tolerance = _NOISE[layout.dtype]
    pairs = zip(struct.unpack(code, old), struct.unpack(code, new), strict=True)
    return all(abs(one - other) <= tolerance * max(1.0, abs(one)) for one, other in pairs)
