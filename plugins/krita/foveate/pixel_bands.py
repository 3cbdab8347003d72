"""Images cut into bands of whole rows: as much as is worked on at a time, so that the main thread never pauses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ._shared import geometry, host

BAND_BYTES = 2 << 20  # of pixels: some milliseconds


def rows_of(bounds: geometry.Bounds, pixel_size: int) -> Iterator[geometry.Bounds]:
    """Cut bounds into bands, top to bottom."""
    height = max(1, BAND_BYTES // max(1, bounds.width * pixel_size))
    for y in range(bounds.y, bounds.bottom, height):
        yield geometry.Bounds(bounds.x, y, bounds.width, min(height, bounds.bottom - y))


def patch_bands(patches: Iterable[host.ResultPatch]) -> Iterator[host.ResultPatch]:
    """Cut patches into bands. Nothing is copied."""
    for patch in patches:
        for bounds in rows_of(patch.bounds, patch.pixels.format.pixel_size):
            if bounds == patch.bounds:
                yield patch
            else:
                rows = bounds.y - patch.bounds.y, bounds.bottom - patch.bounds.y
                covered = _rows(patch.coverage, *rows) if patch.coverage else None
                yield host.ResultPatch(bounds, _rows(patch.pixels, *rows), covered, patch.item)


def cropped(patches: Iterable[host.ResultPatch], area: geometry.Bounds) -> Iterator[host.ResultPatch]:
    """Return the parts of patches that lie in an area, with the area's corner as the origin."""
    for patch in patches:
        inside = patch.bounds.intersect(area)
        if not inside.is_empty:
            part = inside.relative_to(patch.bounds)
            covered = _part(patch.coverage, part) if patch.coverage else None
            yield host.ResultPatch(inside.relative_to(area), _part(patch.pixels, part), covered, patch.item)


def _rows(image: host.Image, top: int, bottom: int) -> host.Image:
    stride = image.extent.width * image.format.pixel_size
    data = memoryview(image.data)[top * stride : bottom * stride]
    return host.Image(geometry.Extent(image.extent.width, bottom - top), data, image.format)


def _part(image: host.Image, area: geometry.Bounds) -> host.Image:
    size = image.format.pixel_size
    stride, view = image.extent.width * size, memoryview(image.data)
    starts = (y * stride + area.x * size for y in range(area.y, area.bottom))
    data = b"".join(view[start : start + area.width * size] for start in starts)
    return host.Image(area.extent, data, image.format)
