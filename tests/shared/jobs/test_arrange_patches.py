"""Bands: whole rows, in order, nothing left out; and parts of patches."""

from __future__ import annotations

import pytest

from foveate_shared.geometry import Bounds, Extent
from foveate_shared.jobs import arrange_patches
from foveate_shared.jobs.host import Image, ResultPatch
from foveate_shared.pixels import COVERAGE_U8, Channels, PixelFormat, SampleType

LAYOUT = PixelFormat(SampleType.U8, Channels.YA)


def patch(bounds):
    numbered = bytes(range(bounds.area))
    return ResultPatch(
        bounds,
        Image(bounds.extent, bytes(value for number in numbered for value in (number, 255)), LAYOUT),
        Image(bounds.extent, numbered, COVERAGE_U8),
    )


@pytest.mark.parametrize("limit", [1, 8, 17, 1000])
def test_bands_make_up_the_whole(monkeypatch, limit):
    monkeypatch.setattr(arrange_patches, "BAND_BYTES", limit)
    whole = patch(Bounds(3, 5, 4, 6))
    found = list(arrange_patches.patch_bands([whole]))
    assert b"".join(bytes(band.pixels.data) for band in found) == whole.pixels.data
    assert b"".join(bytes(band.coverage.data) for band in found) == whole.coverage.data
    assert [band.bounds.y for band in found] == sorted(band.bounds.y for band in found)
    assert sum(band.bounds.area for band in found) == whole.bounds.area
    assert all(band.pixels.extent == band.bounds.extent for band in found)
    assert all(band.bounds.height == 1 or len(band.pixels.data) <= limit for band in found)


def test_what_lies_in_an_area_is_cut_out():
    inside, outside = patch(Bounds(3, 5, 4, 6)), patch(Bounds(20, 20, 2, 2))
    (part,) = arrange_patches.cropped([inside, outside], Bounds(5, 4, 8, 3))
    assert part.bounds == Bounds(0, 1, 2, 2)
    assert part.coverage.data == bytes((2, 3, 6, 7))
    assert part.pixels.data == bytes((2, 255, 3, 255, 6, 255, 7, 255))


def at(*bounds):
    extent = Extent(*bounds[2:])
    return ResultPatch(Bounds(*bounds), Image(extent, b"", PixelFormat(SampleType.U8, Channels.RGBA)), None)


def test_patches_that_overlap_lie_above_each_other_in_their_order():
    first, apart, over_first, over_both = at(0, 0, 9, 9), at(20, 0, 9, 9), at(5, 5, 9, 9), at(6, 0, 20, 9)
    levels = arrange_patches.in_levels([first, apart, over_first, over_both])
    assert levels == [[first, apart], [over_first], [over_both]]
    assert arrange_patches.covered_bounds([first, apart]) == Bounds(0, 0, 29, 9)


def test_that_patches_meet_is_seen_whatever_their_order():
    first, apart, over_first = at(0, 0, 9, 9), at(20, 0, 9, 9), at(5, 8, 9, 9)
    assert not arrange_patches.overlap([apart, first])
    assert not arrange_patches.overlap([])
    assert arrange_patches.overlap([over_first, apart, first])


def test_what_was_made_without_a_document_becomes_opaque():
    rgb = PixelFormat(SampleType.U8, Channels.RGB)
    covered = Image(Extent(1, 1), b"\x07", COVERAGE_U8)
    (made,) = arrange_patches.made_opaque(
        [ResultPatch(Bounds(3, 4, 1, 1), Image(Extent(1, 1), bytes([1, 2, 3]), rgb), covered)], Channels.BGRA
    )
    assert (bytes(made.pixels.data), made.pixels.format.channels) == (bytes([3, 2, 1, 255]), Channels.BGRA)
    assert (made.bounds, made.coverage) == (Bounds(3, 4, 1, 1), covered)
