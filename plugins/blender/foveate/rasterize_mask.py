"""Blender's mask datablocks as coverage: Bezier outlines with feather, filled with smooth edges. Without Blender.

Points are in the mask's own frame: the longer side of the image spans 0 to 1, the shorter one is centred; y runs up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from . import sample_arrays
from ._shared import geometry, selected_region

Plane = NDArray[np.float32]  # (height, width), 0 to 1, bottom row first
Points = NDArray[np.float64]  # (count, 2)

_SUBROWS = 8  # scan lines per row of pixels
_OVERLAP = 1.5  # pixels
_STEPS = 48  # of each Bezier segment

FALLOFFS: dict[str, Callable[[Plane], Plane]] = {
    "SMOOTH": lambda t: t * t * (3 - 2 * t),
    "SPHERE": lambda t: np.sqrt(np.maximum(0, 2 * t - t * t)),
    "ROOT": np.sqrt,
    "INVERSE_SQUARE": lambda t: t * (2 - t),
    "SHARP": lambda t: t * t,
    "LINEAR": lambda t: t,
}
BLENDS: dict[str, Callable[[Plane, Plane, float], Plane]] = {
    "MERGE_ADD": lambda old, new, alpha: old + new * alpha * (1 - old),
    "MERGE_SUBTRACT": lambda old, new, alpha: old - new * alpha * old,
    "ADD": lambda old, new, alpha: old + new * alpha,
    "SUBTRACT": lambda old, new, alpha: old - new * alpha,
    "LIGHTEN": lambda old, new, alpha: np.maximum(old, new * alpha),
    "DARKEN": lambda old, new, alpha: np.minimum(old, 1 + (new - 1) * alpha),
    "MUL": lambda old, new, alpha: old * (1 + (new - 1) * alpha),
    "REPLACE": lambda old, new, alpha: old * (1 - alpha) + new * alpha,
    "DIFFERENCE": lambda old, new, alpha: np.abs(old - new * alpha),
}


@dataclass(frozen=True)
class Knot:
    """A control point: its place, its two handles, and how far the feather reaches.

    `stops` are further widths of the feather, on the way to the next point: (part of the way, width).
    """

    point: tuple[float, float]
    left: tuple[float, float]
    right: tuple[float, float]
    feather: float = 0.0
    stops: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class MaskLayer:
    """Closed outlines, and how they come upon the layers before."""

    outlines: tuple[tuple[Knot, ...], ...]
    alpha: float = 1.0
    blend: str = "MERGE_ADD"
    falloff: str = "SMOOTH"
    invert: bool = False


def region(layers: Sequence[MaskLayer], name: str) -> selected_region.RegionOf:
    """Select what a mask datablock covers, with its soft edges. The coverage is (height, width, 1), float32."""

    def select(extent: geometry.Extent) -> selected_region.SelectedRegion:
        plane = rasterize(layers, extent)[..., None]
        bounds = sample_arrays.covered(plane)
        if bounds.is_empty:
            raise selected_region.no_region(
                "The mask {name} covers no pixel of the image.",
                "Draw a closed shape in it, or choose another kind of region.",
                name=name,
            )
        return selected_region.SelectedRegion(bounds, np.ascontiguousarray(sample_arrays.view(plane, bounds)))

    return select


def rasterize(layers: Sequence[MaskLayer], extent: geometry.Extent) -> Plane:
    """Return how far the layers cover each pixel of an image of `extent`."""
    plane = np.zeros((extent.height, extent.width), np.float32)
    for layer in layers:
        covered = _layer(layer, extent)
        plane = np.clip(BLENDS[layer.blend](plane, covered, layer.alpha), 0, 1).astype(np.float32)
    return plane


def _layer(layer: MaskLayer, extent: geometry.Extent) -> Plane:
    plane = np.zeros((extent.height, extent.width), np.float32)
    for knots in layer.outlines:
        inner, widths = _sampled(knots, extent)
        soft = _feather(inner, widths, extent) if widths.any() else plane * 0
        np.maximum(plane, fill(inner, extent), out=plane)
        np.maximum(plane, FALLOFFS[layer.falloff](soft), out=plane)
    return (1 - plane) if layer.invert else plane


def _sampled(knots: Sequence[Knot], extent: geometry.Extent) -> tuple[Points, NDArray[np.float64]]:
    """Return the outline as a polygon in pixels (y up), and the feather's width at each of its points."""
    t = np.linspace(0, 1, _STEPS, endpoint=False)[:, None]
    pieces, widths = [], []
    for start, end in zip(knots, (*knots[1:], knots[0]), strict=True):
        a, b, c, d = (np.array(p, np.float64) for p in (start.point, start.right, end.left, end.point))
        pieces.append((1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * d)
        stops = [(0.0, start.feather), *sorted(start.stops), (1.0, end.feather)]
        widths.append(np.interp(t[:, 0], *zip(*stops, strict=True)))
    side = max(extent.width, extent.height)
    offset = np.array([(extent.width - side) / 2, (extent.height - side) / 2])
    return np.concatenate(pieces) * side + offset, np.concatenate(widths) * side


def fill(polygon: Points, extent: geometry.Extent) -> Plane:
    """Return how far a polygon (pixels, y up, even-odd) covers each pixel: exact along rows, sampled across them."""
    edges = np.arange(extent.width + 1.0)  # of pixels
    plane = np.zeros((extent.height, extent.width), np.float32)
    x0, y0 = polygon.T
    x1, y1 = np.roll(polygon, -1, axis=0).T
    bottom, top = max(0, int(np.floor(y0.min()))), min(extent.height, int(np.ceil(y0.max())))
    for row in range(bottom, top):
        for sub in range(_SUBROWS):
            y = row + (sub + 0.5) / _SUBROWS
            crossing = (y0 <= y) != (y1 <= y)
            at = np.sort(x0[crossing] + (y - y0[crossing]) / (y1 - y0)[crossing] * (x1 - x0)[crossing])
            for left, right in zip(at[::2], at[1::2], strict=True):
                plane[row] += np.diff(edges.clip(left, right)) / _SUBROWS
    return np.clip(plane, 0, 1)


def _feather(inner: Points, widths: NDArray[np.float64], extent: geometry.Extent) -> Plane:
    """Return the feather: 1 at the outline, falling linearly to 0 at its widths outside.

    It begins within the outline, so that no pixel on it is taken for the edge of what is filled.
    """
    outwards = _left(inner)
    outer = inner + outwards * widths[:, None]
    begin = inner - outwards * np.minimum(widths, _OVERLAP)[:, None]
    plane = np.zeros((extent.height, extent.width), np.float32)
    for i in range(len(inner)):
        j = (i + 1) % len(inner)
        _add_triangle(plane, (inner[i], inner[j], outer[i]), (1.0, 1.0, 0.0))
        _add_triangle(plane, (inner[j], outer[j], outer[i]), (1.0, 0.0, 0.0))
        _add_triangle(plane, (inner[i], inner[j], begin[i]), (1.0, 1.0, 1.0))
        _add_triangle(plane, (inner[j], begin[j], begin[i]), (1.0, 1.0, 1.0))
    return plane


def _left(polygon: Points) -> Points:
    """Return the unit normals to the left of a closed polygon's direction.

    Blender feathers to this side: outwards where the points run clockwise, and else, unseen, inwards.
    """
    tangent = np.roll(polygon, -1, axis=0) - np.roll(polygon, 1, axis=0)
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], axis=1)
    return normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)


def _add_triangle(plane: Plane, corners: tuple[Points, Points, Points], values: tuple[float, float, float]) -> None:
    """Raise the plane to the values that a triangle has at the centres of pixels."""
    a, b, c = corners
    area = (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])
    around = geometry.Bounds.from_edges(*np.min(corners, axis=0), *np.max(corners, axis=0))
    around = around.clamp(geometry.Extent(*plane.shape[::-1]))
    if abs(area) < 1e-9 or around.is_empty:
        return
    y, x = np.mgrid[around.y : around.bottom, around.x : around.right] + 0.5
    v = ((x - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (y - a[1])) / area
    w = ((b[0] - a[0]) * (y - a[1]) - (x - a[0]) * (b[1] - a[1])) / area
    inside = (v >= -1e-6) & (w >= -1e-6) & (v + w <= 1 + 1e-6)
    value = np.where(inside, values[0] * (1 - v - w) + values[1] * v + values[2] * w, 0)
    part = plane[around.y : around.bottom, around.x : around.right]
    np.maximum(part, value.astype(np.float32), out=part)
