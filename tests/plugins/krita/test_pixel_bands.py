"""Bands: whole rows, in order, nothing left out; and parts of patches."""

from __future__ import annotations

import pytest
from foveate_krita import pixel_bands

from foveate_shared.geometry import Bounds
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
    monkeypatch.setattr(pixel_bands, "BAND_BYTES", limit)
    whole = patch(Bounds(3, 5, 4, 6))
    found = list(pixel_bands.patch_bands([whole]))
    assert b"".join(bytes(band.pixels.data) for band in found) == whole.pixels.data
    assert b"".join(bytes(band.coverage.data) for band in found) == whole.coverage.data
    assert [band.bounds.y for band in found] == sorted(band.bounds.y for band in found)
    assert sum(band.bounds.area for band in found) == whole.bounds.area
    assert all(band.pixels.extent == band.bounds.extent for band in found)
    assert all(band.bounds.height == 1 or len(band.pixels.data) <= limit for band in found)


def test_what_lies_in_an_area_is_cut_out():
    inside, outside = patch(Bounds(3, 5, 4, 6)), patch(Bounds(20, 20, 2, 2))
    (part,) = pixel_bands.cropped([inside, outside], Bounds(5, 4, 8, 3))
    assert part.bounds == Bounds(0, 1, 2, 2)
    assert part.coverage.data == bytes((2, 3, 6, 7))
    assert part.pixels.data == bytes((2, 255, 3, 255, 6, 255, 7, 255))
