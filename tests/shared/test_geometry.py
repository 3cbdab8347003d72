"""Geometry against its definition: sets of pixels."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foveate_shared.geometry import Bounds, Extent, ceil_to_multiple, missing_rows, split, strips, tiles

small = st.integers(-6, 6)
sizes = st.integers(0, 7)
bounds = st.builds(Bounds, small, small, sizes, sizes)
filled = bounds.filter(lambda region: not region.is_empty)
extents = st.builds(Extent, st.integers(1, 9), st.integers(1, 9))

Pixel = tuple[int, int]


def pixels(region: Bounds) -> set[Pixel]:
    return {(x, y) for x in range(region.x, region.right) for y in range(region.y, region.bottom)}


@given(bounds, bounds)
def test_intersect(a: Bounds, b: Bounds) -> None:
    assert pixels(a.intersect(b)) == pixels(a) & pixels(b)
    assert min(a.intersect(b).extent.width, a.intersect(b).extent.height) >= 0


@given(filled, filled)
def test_union_is_the_smallest_that_covers_both(a: Bounds, b: Bounds) -> None:
    both = pixels(a) | pixels(b)
    union = a.union(b)
    assert both <= pixels(union)
    xs, ys = {x for x, _ in both}, {y for _, y in both}
    assert (union.x, union.y, union.right - 1, union.bottom - 1) == (min(xs), min(ys), max(xs), max(ys))


@given(bounds, filled)
def test_an_empty_one_adds_nothing(a: Bounds, b: Bounds) -> None:
    if a.is_empty:
        assert a.union(b) == b.union(a) == b


@given(bounds, bounds)
def test_contains(a: Bounds, b: Bounds) -> None:
    assert a.contains(b) == (pixels(b) <= pixels(a))


@given(bounds)
def test_area(region: Bounds) -> None:
    assert region.area == len(pixels(region))
    assert region.is_empty == (not pixels(region))


@given(filled, st.integers(-4, 4))
def test_pad(region: Bounds, amount: int) -> None:
    grown = region.pad(amount)
    if amount >= 0:
        assert grown.pad(-amount) == region
    assert (grown.right, grown.bottom) == (region.right + amount, region.bottom + amount) or grown.is_empty


@given(bounds, small, small)
def test_moving_and_frames(region: Bounds, dx: int, dy: int) -> None:
    assert pixels(region.moved(dx, dy)) == {(x + dx, y + dy) for x, y in pixels(region)}
    assert region.relative_to(Bounds(dx, dy, 1, 1)).moved(dx, dy) == region


@given(bounds, extents)
def test_clamp(region: Bounds, extent: Extent) -> None:
    assert pixels(region.clamp(extent)) == pixels(region) & pixels(extent.bounds)


@given(bounds, st.integers(1, 4))
def test_scaled_covers_each_pixel_by_a_block(region: Bounds, factor: int) -> None:
    assert pixels(region.scaled(factor)) == {
        (x * factor + i, y * factor + j) for x, y in pixels(region) for i in range(factor) for j in range(factor)
    }


@given(st.floats(-9, 9), st.floats(-9, 9), st.floats(0, 9), st.floats(0, 9))
def test_from_edges_is_the_smallest_cover(left: float, top: float, width: float, height: float) -> None:
    right, bottom = left + width, top + height
    region = Bounds.from_edges(left, top, right, bottom)
    assert region.x <= left < region.x + 1
    assert region.y <= top < region.y + 1
    assert region.right - 1 < right <= region.right
    assert region.bottom - 1 < bottom <= region.bottom


@given(filled, extents, extents)
def test_resized_within_lies_within(region: Bounds, extent: Extent, within: Extent) -> None:
    resized = region.resized_within(extent, within)
    assert within.bounds.contains(resized)
    assert resized.extent == Extent(min(extent.width, within.width), min(extent.height, within.height))


@given(filled, extents)
def test_resized_within_keeps_the_centre_where_it_can(region: Bounds, extent: Extent) -> None:
    far = region.moved(100, 100)
    resized = far.resized_within(extent, Extent(300, 300))
    assert abs(resized.center[0] - far.center[0]) <= 0.5
    assert abs(resized.center[1] - far.center[1]) <= 0.5


@given(st.integers(0, 200), st.integers(1, 30))
def test_split_covers_once_in_nearly_equal_runs(length: int, piece: int) -> None:
    runs = split(length, piece)
    assert [i for start, stop in runs for i in range(start, stop)] == list(range(length))
    lengths = {stop - start for start, stop in runs}
    assert max(lengths, default=0) <= piece
    assert max(lengths, default=0) - min(lengths, default=0) <= 1
    assert len(runs) == -(-length // piece)


def test_split_needs_a_piece() -> None:
    with pytest.raises(ValueError, match="at least 1 pixel"):
        split(5, 0)


@given(filled, extents)
def test_tiles_cover_each_pixel_once(region: Bounds, piece: Extent) -> None:
    parts = tiles(region, piece)
    assert sum(part.area for part in parts) == region.area
    assert set().union(*map(pixels, parts)) == pixels(region)
    assert all(part.width <= piece.width and part.height <= piece.height for part in parts)


@given(filled, st.integers(1, 20), st.integers(1, 300))
def test_strips_cover_each_pixel_once_in_columns_from_top_to_bottom(region: Bounds, width: int, area: int) -> None:
    columns = strips(region, width, area)
    parts = [part for column in columns for part in column]
    assert sum(part.area for part in parts) == region.area
    assert set().union(*map(pixels, parts)) == pixels(region)
    assert all(part.width <= width and (part.area <= area or part.height == 1) for part in parts)
    for column in columns:
        assert len({(part.x, part.width) for part in column}) == 1
        assert all(above.bottom == below.y for above, below in pairwise(column))


@given(st.integers(-100, 100), st.integers(1, 40))
def test_ceil_to_multiple(value: int, multiple: int) -> None:
    result = ceil_to_multiple(value, multiple)
    assert result % multiple == 0
    assert value <= result < value + multiple


@given(extents, st.floats(0.01, 10))
def test_a_scaled_extent_is_never_empty(extent: Extent, factor: float) -> None:
    scaled = extent.scaled(factor)
    assert not scaled.is_empty
    assert abs(scaled.width - extent.width * factor) <= 1
    assert extent.bounds.extent == extent
    assert extent.area == extent.bounds.area


WHOLE = Extent(10, 8)


@pytest.mark.parametrize(
    ("parts", "missing"),
    [
        ([Bounds(0, 0, 10, 8)], []),
        ([Bounds(0, 0, 10, 4), Bounds(0, 4, 10, 4)], []),
        ([Bounds(0, 0, 6, 8), Bounds(4, 0, 6, 8)], []),  # they overlap
        ([Bounds(0, 0, 6, 8), Bounds(5, 0, 4, 8)], [(0, 8)]),
        ([Bounds(0, 0, 10, 4), Bounds(0, 0, 10, 4)], [(4, 8)]),  # the area is right, the place is not
        ([Bounds(0, 0, 10, 8), Bounds(3, 3, 1, 1)], []),
        ([Bounds(0, 0, 5, 5), Bounds(5, 0, 5, 3), Bounds(5, 3, 5, 5), Bounds(0, 5, 5, 3)], []),
        (
            [Bounds(0, 0, 5, 5), Bounds(5, 0, 5, 3), Bounds(6, 3, 4, 5), Bounds(0, 5, 6, 3), Bounds(0, 0, 9, 2)],
            [(3, 5)],
        ),
        ([Bounds(0, 1, 10, 2), Bounds(0, 4, 10, 1), Bounds(0, 5, 4, 1)], [(0, 1), (3, 4), (5, 8)]),
        ([], [(0, 8)]),
    ],
)
def test_rows_that_parts_do_not_cover_are_missing(parts, missing):
    assert missing_rows(WHOLE, parts) == missing


@given(bounds, st.integers(1, 30))
def test_the_middle_is_as_much_as_fits_around_the_centre(region: Bounds, side: int) -> None:
    middle = region.middle(side)
    assert middle.extent == Extent(min(region.width, side), min(region.height, side))
    assert region.contains(middle)
    assert all(abs(one - other) <= 0.5 for one, other in zip(middle.center, region.center, strict=True))
