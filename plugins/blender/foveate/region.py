"""The region that a job works on: a rectangle, a mask or the render border, in an image's pixels. Without Blender."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from . import rasterize_mask
from ._shared import errors, geometry

Box = tuple[float, float, float, float]  # left, bottom, right, top, as fractions of the image; y runs up


@dataclass(frozen=True)
class SelectedRegion:
    """What is selected. `coverage` is (height, width, 1) of the bounds, float32, bottom row first; None: all of it."""

    bounds: geometry.Bounds
    coverage: NDArray[np.float32] | None = None


RegionOf = Callable[[geometry.Extent], "SelectedRegion | None"]  # None: the whole image


def whole(_: geometry.Extent) -> SelectedRegion | None:
    """Select everything."""
    return None


def rectangle(x: int, y: int, width: int, height: int) -> RegionOf:
    """Select a rectangle of pixels; y counts from the top."""
    return lambda extent: SelectedRegion(_within(geometry.Bounds(x, y, width, height), extent))


def box(fractions: Box) -> RegionOf:
    """Select what a box such as the render border covers."""
    return lambda extent: SelectedRegion(_within(bounds_of_box(fractions, extent), extent))


def mask(layers: list[rasterize_mask.MaskLayer], name: str) -> RegionOf:
    """Select what a mask datablock covers, with its soft edges."""

    def select(extent: geometry.Extent) -> SelectedRegion:
        plane = rasterize_mask.rasterize(layers, extent)
        rows, columns = np.flatnonzero(plane.any(axis=1)), np.flatnonzero(plane.any(axis=0))
        if not rows.size:
            raise _nothing(
                "The mask {name} covers no pixel of the image.",
                "Draw a closed shape in it, or choose another kind of region.",
                name=name,
            )
        bottom, top, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
        bounds = geometry.Bounds(left, extent.height - top, right - left, top - bottom)
        return SelectedRegion(bounds, np.ascontiguousarray(plane[bottom:top, left:right, None]))

    return select


def bounds_of_box(fractions: Box, extent: geometry.Extent) -> geometry.Bounds:
    """Return the pixels whose centres lie in the box: its edges, rounded."""
    left, bottom, right, top = fractions
    x0, x1 = (math.floor(edge * extent.width + 0.5) for edge in sorted((left, right)))
    y0, y1 = (math.floor((1 - edge) * extent.height + 0.5) for edge in sorted((bottom, top), reverse=True))
    return geometry.Bounds(x0, y0, x1 - x0, y1 - y0)


def bounds_of_drag(start: tuple[float, float], end: tuple[float, float], extent: geometry.Extent) -> geometry.Bounds:
    """Return the pixels that a drag from `start` to `end` touches; both are fractions of the image, y runs up."""
    (x0, x1), (y0, y1) = sorted((start[0], end[0])), sorted((1 - start[1], 1 - end[1]))
    dragged = geometry.Bounds.from_edges(x0 * extent.width, y0 * extent.height, x1 * extent.width, y1 * extent.height)
    return dragged.clamp(extent)


def _within(bounds: geometry.Bounds, extent: geometry.Extent) -> geometry.Bounds:
    inside = bounds.clamp(extent)
    if inside.is_empty:
        raise _nothing(
            "The selected region does not lie in the image.",
            "Select a region again, or choose another kind of region.",
        )
    return inside


def _nothing(problem: str, remedy: str, **values: object) -> errors.InputError:
    return errors.InputError(problem, code=errors.ErrorCode.INVALID_REGION, remedy=remedy, **values)
