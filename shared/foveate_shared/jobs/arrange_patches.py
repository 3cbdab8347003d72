"""Patches of a result, cut into bands of whole rows or to an area, and sorted by what they lie above.

A band is as much as is worked on at a time, so that an editor's main thread never pauses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from ..geometry import Bounds, Extent
from ..pixels import Channels, PixelFormat, SampleType, with_opaque_alpha
from .host import Image, ResultPatch

BAND_BYTES = 2 << 20  # of pixels: some milliseconds


def rows_of(bounds: Bounds, pixel_size: int, band_bytes: int = 0) -> Iterator[Bounds]:
    """Cut bounds into bands of at most `band_bytes` (0: the usual), top to bottom."""
    height = max(1, (band_bytes or BAND_BYTES) // max(1, bounds.width * pixel_size))
    for y in range(bounds.y, bounds.bottom, height):
        yield Bounds(bounds.x, y, bounds.width, min(height, bounds.bottom - y))


def patch_bands(patches: Iterable[ResultPatch]) -> Iterator[ResultPatch]:
    """Cut patches into bands. Nothing is copied."""
    for patch in patches:
        for bounds in rows_of(patch.bounds, patch.pixels.format.pixel_size):
            if bounds == patch.bounds:
                yield patch
            else:
                rows = bounds.y - patch.bounds.y, bounds.bottom - patch.bounds.y
                covered = _rows(patch.coverage, *rows) if patch.coverage else None
                yield ResultPatch(bounds, _rows(patch.pixels, *rows), covered, patch.item)


def cropped(patches: Iterable[ResultPatch], area: Bounds) -> Iterator[ResultPatch]:
    """Return the parts of patches that lie in an area, with the area's corner as the origin."""
    for patch in patches:
        inside = patch.bounds.intersect(area)
        if not inside.is_empty:
            part = inside.relative_to(patch.bounds)
            covered = _part(patch.coverage, part) if patch.coverage else None
            yield ResultPatch(inside.relative_to(area), _part(patch.pixels, part), covered, patch.item)


def made_opaque(patches: Iterable[ResultPatch], channels: Channels) -> tuple[ResultPatch, ...]:
    """Return patches that were made without a document, 8 bit RGB, with `channels`: RGBA or BGRA, all opaque."""
    layout = PixelFormat(SampleType.U8, channels)
    return tuple(
        replace(patch, pixels=Image(patch.pixels.extent, with_opaque_alpha(patch.pixels.data, channels), layout))
        for patch in patches
    )


def covered_bounds(patches: Iterable[ResultPatch]) -> Bounds:
    """Return what all patches together cover, in the result's frame."""
    bounds = Bounds(0, 0, 0, 0)
    for patch in patches:
        bounds = bounds.union(patch.bounds)
    return bounds


def overlap(patches: Iterable[ResultPatch]) -> bool:
    """Tell whether any two of the patches meet."""
    rows = sorted((patch.bounds for patch in patches), key=lambda area: area.y)
    for index, area in enumerate(rows):
        for other in rows[index + 1 :]:
            if other.y >= area.bottom:
                break
            if not area.intersect(other).is_empty:
                return True
    return False


def in_levels(patches: Sequence[ResultPatch]) -> list[list[ResultPatch]]:
    """Return the patches in levels, lowest first: within one they do not overlap, and their order is kept."""
    levels: list[list[ResultPatch]] = []
    for patch in patches:
        above = 0
        for number, level in enumerate(levels, 1):
            if any(not patch.bounds.intersect(other.bounds).is_empty for other in level):
                above = number
        if above == len(levels):
            levels.append([])
        levels[above].append(patch)
    return levels


def _rows(image: Image, top: int, bottom: int) -> Image:
    stride = image.extent.width * image.format.pixel_size
    data = memoryview(image.data)[top * stride : bottom * stride]
    return Image(Extent(image.extent.width, bottom - top), data, image.format)


def _part(image: Image, area: Bounds) -> Image:
    size = image.format.pixel_size
    stride, view = image.extent.width * size, memoryview(image.data)
    starts = (y * stride + area.x * size for y in range(area.y, area.bottom))
    data = b"".join(view[start : start + area.width * size] for start in starts)
    return Image(area.extent, data, image.format)
