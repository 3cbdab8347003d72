"""Tell whether two snapshots show the same where something was selected."""

from __future__ import annotations

import struct

from gi.repository import Gegl

from . import buffers
from ._shared import arrange_patches, geometry, pixels
from ._shared import coverage as coverage_bytes
from .formats import LayerFormat

_EVERYWHERE = struct.pack("<f", 1.0)
_NOISE = {pixels.SampleType.F32: 1e-5, pixels.SampleType.F16: 2e-3}  # of GIMP's own drawing, in parts of white
_STRIP_BYTES = 16 << 20  # of each side, held at once


def same_where_covered(
    then: Gegl.Buffer, now: Gegl.Buffer, coverage: Gegl.Buffer | None, region: geometry.Bounds, layout: LayerFormat
) -> bool:
    """Tell whether no pixel of `region` differs that has any coverage; without coverage, all of them count."""
    size, noise = layout.pixels.pixel_size, _NOISE.get(layout.pixels.dtype, 0.0)
    for strip in arrange_patches.rows_of(region, size, _STRIP_BYTES):
        old, new = (buffers.read(side, strip, layout.name, size) for side in (then, now))
        if old == new:
            continue
        covered = _EVERYWHERE * strip.area if coverage is None else buffers.read(coverage, strip, "Y float", 4)
        if coverage_bytes.differs_where_covered(old, new, covered, layout.pixels, noise):
            return False
    return True
