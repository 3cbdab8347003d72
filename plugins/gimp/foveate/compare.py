"""Tell whether two snapshots show the same where something was selected."""

from __future__ import annotations

from collections.abc import Iterator

from gi.repository import Gegl

from . import buffers
from ._shared import geometry
from .formats import LayerFormat

_STRIP_BYTES = 16 << 20  # of each side, held at once


def same_where_covered(
    then: Gegl.Buffer, now: Gegl.Buffer, coverage: Gegl.Buffer | None, region: geometry.Bounds, layout: LayerFormat
) -> bool:
    """Tell whether no pixel of `region` differs that has any coverage; without coverage, all of them count."""
    size = layout.pixels.pixel_size
    for strip in _strips(region, size):
        old, new = (buffers.read(side, strip, layout.name, size) for side in (then, now))
        if old == new:
            continue
        if coverage is None:
            return False
        if differs_where_covered(old, new, buffers.read(coverage, strip, "Y float", 4), size):
            return False
    return True


def differs_where_covered(old: bytes, new: bytes, coverage: bytes, size: int) -> bool:
    """Tell whether any pixel (of `size` bytes) differs whose coverage, a 32 bit float, is not 0."""
    covered = memoryview(coverage).cast("I")  # the bits of 0.0 are 0
    return any(
        level and old[at * size : (at + 1) * size] != new[at * size : (at + 1) * size]
        for at, level in enumerate(covered)
    )


def _strips(region: geometry.Bounds, pixel_size: int) -> Iterator[geometry.Bounds]:
    rows = max(1, _STRIP_BYTES // max(1, region.width * pixel_size))
    for top, bottom in geometry.split(region.height, rows):
        yield geometry.Bounds(region.x, region.y + top, region.width, bottom - top)
