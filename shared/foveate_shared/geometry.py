"""Extents and bounds in integer pixels. The origin is the top left corner, x runs right and y runs down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor


@dataclass(frozen=True, order=True)
class Extent:
    """A size in pixels."""

    width: int
    height: int

    @property
    def area(self) -> int:
        """Return the number of pixels."""
        return self.width * self.height

    @property
    def is_empty(self) -> bool:
        """Tell whether it holds no pixel."""
        return self.width <= 0 or self.height <= 0

    @property
    def bounds(self) -> Bounds:
        """Return the bounds that cover it, from the origin."""
        return Bounds(0, 0, self.width, self.height)

    def scaled(self, factor: float) -> Extent:
        """Return it times `factor`, rounded to whole pixels, at least 1 by 1."""
        return Extent(max(1, round(self.width * factor)), max(1, round(self.height * factor)))


@dataclass(frozen=True, order=True)
class Bounds:
    """A rectangle: `x` and `y` of its top left pixel, `width` and `height` in pixels."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """Return the first column beyond it."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """Return the first row beyond it."""
        return self.y + self.height

    @property
    def extent(self) -> Extent:
        """Return its size."""
        return Extent(self.width, self.height)

    @property
    def area(self) -> int:
        """Return the number of pixels, 0 where it is empty."""
        return 0 if self.is_empty else self.width * self.height

    @property
    def is_empty(self) -> bool:
        """Tell whether it holds no pixel."""
        return self.width <= 0 or self.height <= 0

    @property
    def center(self) -> tuple[float, float]:
        """Return the centre as (x, y) in pixel edges: half of the extent is on either side."""
        return self.x + self.width / 2, self.y + self.height / 2

    @classmethod
    def from_edges(cls, left: float, top: float, right: float, bottom: float) -> Bounds:
        """Return the smallest whole-pixel bounds that cover the given edges."""
        x, y = floor(left), floor(top)
        return cls(x, y, ceil(right) - x, ceil(bottom) - y)

    def intersect(self, other: Bounds) -> Bounds:
        """Return what both cover; empty (of zero width or height) where they do not meet."""
        x, y = max(self.x, other.x), max(self.y, other.y)
        width, height = min(self.right, other.right) - x, min(self.bottom, other.bottom) - y
        return Bounds(x, y, max(0, width), max(0, height))

    def union(self, other: Bounds) -> Bounds:
        """Return the smallest bounds that cover both; an empty one adds nothing."""
        if self.is_empty:
            return other
        if other.is_empty:
            return self
        x, y = min(self.x, other.x), min(self.y, other.y)
        return Bounds(x, y, max(self.right, other.right) - x, max(self.bottom, other.bottom) - y)

    def contains(self, other: Bounds) -> bool:
        """Tell whether `other` lies within it; an empty one lies within everything."""
        return other.is_empty or self.intersect(other) == other

    def pad(self, amount: int) -> Bounds:
        """Return it grown by `amount` pixels on each side (shrunk where negative, to nothing at the least)."""
        width, height = max(0, self.width + 2 * amount), max(0, self.height + 2 * amount)
        return Bounds(self.x - amount, self.y - amount, width, height)

    def moved(self, dx: int, dy: int) -> Bounds:
        """Return it moved by (dx, dy)."""
        return Bounds(self.x + dx, self.y + dy, self.width, self.height)

    def relative_to(self, origin: Bounds) -> Bounds:
        """Return it in the frame whose origin is the top left corner of `origin`."""
        return self.moved(-origin.x, -origin.y)

    def clamp(self, extent: Extent) -> Bounds:
        """Return the part of it that lies in a document of `extent`."""
        return self.intersect(extent.bounds)

    def middle(self, side: int) -> Bounds:
        """Return the part around its centre that is at most `side` wide and high."""
        width, height = min(self.width, side), min(self.height, side)
        return Bounds(self.x + (self.width - width) // 2, self.y + (self.height - height) // 2, width, height)

    def scaled(self, factor: int) -> Bounds:
        """Return it in a frame that is `factor` times as large."""
        return Bounds(self.x * factor, self.y * factor, self.width * factor, self.height * factor)

    def resized_within(self, extent: Extent, within: Extent) -> Bounds:
        """Return bounds of `extent` around the same centre, shifted (and cut, where larger) to lie in `within`."""
        width, height = min(extent.width, within.width), min(extent.height, within.height)
        center_x, center_y = self.center
        x = min(max(0, round(center_x - width / 2)), within.width - width)
        y = min(max(0, round(center_y - height / 2)), within.height - height)
        return Bounds(x, y, width, height)


def ceil_to_multiple(value: int, multiple: int) -> int:
    """Return the least multiple of `multiple` that is not below `value`."""
    return -(-value // multiple) * multiple


def split(length: int, piece: int) -> list[tuple[int, int]]:
    """Split `length` into runs (start, stop) of nearly equal size, none longer than `piece`.

    Equal runs rather than full ones and a remainder, so that no tile is a sliver.
    """
    if length <= 0:
        return []
    if piece <= 0:
        raise ValueError(f"a piece must be at least 1 pixel long, not {piece}")
    count = -(-length // piece)
    edges = [length * i // count for i in range(count + 1)]
    return list(pairwise(edges))


def tiles(bounds: Bounds, piece: Extent) -> list[Bounds]:
    """Split `bounds` into tiles of nearly equal size, none larger than `piece`, row by row."""
    return [
        Bounds(bounds.x + left, bounds.y + top, right - left, bottom - top)
        for top, bottom in split(bounds.height, piece.height)
        for left, right in split(bounds.width, piece.width)
    ]


def strips(bounds: Bounds, width: int, area: int) -> list[list[Bounds]]:
    """Split `bounds` into columns, none wider than `width`, and those into strips of at most `area`, all nearly equal.

    Strips come from top to bottom; each has one row at least.
    """
    return [
        [
            Bounds(bounds.x + left, bounds.y + top, right - left, bottom - top)
            for top, bottom in split(bounds.height, max(1, area // (right - left)))
        ]
        for left, right in split(bounds.width, width)
    ]


def missing_rows(whole: Extent, parts: Sequence[Bounds]) -> list[tuple[int, int]]:
    """Return the rows of `whole` that `parts`, which may overlap, do not cover in their full width.

    Each run of them as its first row and the first one after it, from top to bottom.
    """
    edges = sorted({0, whole.height, *(min(max(0, y), whole.height) for p in parts for y in (p.y, p.bottom))})
    missing: list[tuple[int, int]] = []
    for top, bottom in pairwise(edges):
        if _covers_row(whole.width, [part for part in parts if part.y <= top and bottom <= part.bottom]):
            continue
        if missing and missing[-1][1] == top:
            missing[-1] = (missing[-1][0], bottom)
        else:
            missing.append((top, bottom))
    return missing


def _covers_row(width: int, parts: Sequence[Bounds]) -> bool:
    reached = 0
    for part in sorted(parts):
        if part.x > reached:
            return False
        reached = max(reached, part.right)
    return reached >= width
