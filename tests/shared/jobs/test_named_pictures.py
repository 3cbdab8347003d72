"""Windows of a picture that is in memory."""

import hashlib

import pytest

from foveate_shared.errors import InputError
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.jobs.host import Image
from foveate_shared.jobs.named_pictures import FrozenPicture
from foveate_shared.pixels import COVERAGE_U8, Channels, PixelFormat, RowOrder, SampleType
from foveate_shared.wire.protocol import Blob

EXTENT = Extent(4, 3)
RGB16 = PixelFormat(SampleType.U16, Channels.RGB)
DATA = bytes(range(4 * 3 * 6))
PLANE = bytes(range(12))


def test_a_window_is_cut_out_at_its_own_size():
    picture = FrozenPicture(Image(EXTENT, DATA, RGB16), "srgb", coverage=Image(EXTENT, PLANE, COVERAGE_U8))
    bounds = Bounds(1, 1, 2, 2)
    window = picture.read_pixels(bounds, Extent(1, 1))
    assert (window.extent, window.format) == (bounds.extent, RGB16)
    assert bytes(window.data) == DATA[24 + 6 : 24 + 18] + DATA[48 + 6 : 48 + 18]
    assert bytes(picture.read_coverage(bounds, bounds.extent).data) == bytes([5, 6, 9, 10])
    assert picture.read_pixels(EXTENT.bounds, EXTENT).data is DATA


def test_rows_may_run_up():
    upward = PixelFormat(SampleType.U8, Channels.Y, rows=RowOrder.BOTTOM_UP)
    picture = FrozenPicture(Image(EXTENT, PLANE, upward), "gray-srgb")
    assert bytes(picture.read_pixels(Bounds(0, 0, 2, 2), Extent(2, 2)).data) == bytes([4, 5, 8, 9])


def test_its_hash_is_that_of_pixels_and_coverage():
    picture = FrozenPicture(Image(EXTENT, DATA, RGB16), "srgb", coverage=Image(EXTENT, PLANE, COVERAGE_U8))
    described = picture.described("mask", None)
    assert described.sha256 == hashlib.sha256(DATA + PLANE).hexdigest()
    assert (described.name, described.extent, described.has_coverage) == ("mask", EXTENT, True)
    assert described.profile.space == "srgb"


def test_its_profile_goes_with_it():
    blob = Blob(1, 3, "0" * 64)
    described = FrozenPicture(Image(EXTENT, DATA, RGB16), icc=b"icc").described("control", blob)
    assert (described.profile.icc, described.profile.space, described.has_coverage) == (blob, None, False)


@pytest.mark.parametrize("bounds", [Bounds(0, 0, 5, 1), Bounds(-1, 0, 2, 2), Bounds(1, 1, 0, 1)])
def test_what_it_does_not_have_is_refused(bounds):
    with pytest.raises(InputError):
        FrozenPicture(Image(EXTENT, DATA, RGB16), "srgb").read_pixels(bounds, Extent(1, 1))


def test_coverage_that_it_does_not_have_is_refused():
    with pytest.raises(InputError):
        FrozenPicture(Image(EXTENT, DATA, RGB16), "srgb").read_coverage(EXTENT.bounds, EXTENT)
