"""The region that a job works on, in editors without a selection of pixels: a rectangle, or a part of the image.

select = rectangle(10, 20, 300, 200)  # as the person chose it
selected = select(extent)  # once the image is known; None is all of it
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..errors import ErrorCode, InputError
from ..geometry import Bounds, Extent

Box = tuple[float, float, float, float]  # left, bottom, right, top, as fractions of the image; y runs up
_SMALLEST_DRAG = 2  # pixels: less is a click


@dataclass(frozen=True)
class SelectedRegion:
    """What is selected. `coverage` is that of the bounds, as the editor has such planes; None: all of them."""

    bounds: Bounds
    coverage: Any = None


RegionOf = Callable[[Extent], SelectedRegion | None]  # None: the whole image


def whole(_: Extent) -> SelectedRegion | None:
    """Select everything."""
    return None


def rectangle(x: int, y: int, width: int, height: int) -> RegionOf:
    """Select a rectangle of pixels; y counts from the top. Raises InputError where it is none."""
    if width <= 0 or height <= 0:
        raise no_region("No rectangle is selected.", "Press Select Region and drag in the image.")
    return lambda extent: SelectedRegion(_within(Bounds(x, y, width, height), extent))


def box(fractions: Box) -> RegionOf:
    """Select what a box such as a render border covers."""
    return lambda extent: SelectedRegion(_within(bounds_of_box(fractions, extent), extent))


def bounds_of_box(fractions: Box, extent: Extent) -> Bounds:
    """Return the pixels whose centres lie in the box: its edges, rounded."""
    left, bottom, right, top = fractions
    x0, x1 = (math.floor(edge * extent.width + 0.5) for edge in sorted((left, right)))
    y0, y1 = (math.floor((1 - edge) * extent.height + 0.5) for edge in sorted((bottom, top), reverse=True))
    return Bounds(x0, y0, x1 - x0, y1 - y0)


def bounds_of_drag(start: tuple[float, float], end: tuple[float, float], extent: Extent) -> Bounds:
    """Return the pixels that a drag from `start` to `end` touches; both are fractions of the image, y runs up."""
    (x0, x1), (y0, y1) = sorted((start[0], end[0])), sorted((1 - start[1], 1 - end[1]))
    dragged = Bounds.from_edges(x0 * extent.width, y0 * extent.height, x1 * extent.width, y1 * extent.height)
    return dragged.clamp(extent)


def dragged_rectangle(
    start: tuple[float, float], end: tuple[float, float], extent: Extent
) -> tuple[int, int, int, int]:
    """Return x, y, width and height of :func:`bounds_of_drag`; zeros where that was a click."""
    dragged = bounds_of_drag(start, end, extent)
    if min(dragged.width, dragged.height) < _SMALLEST_DRAG:
        return 0, 0, 0, 0
    return dragged.x, dragged.y, dragged.width, dragged.height


def outside() -> InputError:
    """Return the error of a region that holds no pixel of the image."""
    return no_region(
        "The selected region does not lie in the image.",
        "Select a region again, or choose another kind of region.",
    )


def no_region(problem: str, remedy: str, **values: Any) -> InputError:
    """Return the error of a region that there is none of."""
    return InputError(problem, code=ErrorCode.INVALID_REGION, remedy=remedy, **values)


def _within(bounds: Bounds, extent: Extent) -> Bounds:
    inside = bounds.clamp(extent)
    if inside.is_empty:
        raise outside()
    return inside
