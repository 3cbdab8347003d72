"""Regions: what is no region is refused with a sentence; a mask becomes coverage and its bounds."""

import numpy as np
import pytest

from foveate_server.cli.region import parse_rect, region_of
from foveate_server.picture_files.picture import Picture
from foveate_server.picture_files.write import save
from foveate_shared.errors import InputError
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.pixels import Channels

EXTENT = Extent(12, 8)


@pytest.mark.parametrize(("text", "bounds"), [("1,2,3,4", Bounds(1, 2, 3, 4)), (" 0, 0 ,12, 8 ", Bounds(0, 0, 12, 8))])
def test_rectangles(text, bounds):
    assert parse_rect(text) == bounds
    assert region_of(EXTENT, bounds, None).selection.bounds == bounds


@pytest.mark.parametrize("text", ["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "1.5,0,2,2", "1;2;3;4"])
def test_what_is_no_rectangle(text):
    with pytest.raises(InputError, match="not a rectangle"):
        parse_rect(text)


@pytest.mark.parametrize(
    ("rect", "sentence"),
    [
        (Bounds(0, 0, 0, 5), "empty"),
        (Bounds(0, 0, 5, -1), "empty"),
        (Bounds(-1, 0, 5, 5), "reaches out"),
        (Bounds(8, 0, 5, 5), "reaches out"),
        (Bounds(100, 100, 5, 5), "reaches out"),
    ],
)
def test_rectangles_that_are_not_in_the_picture(rect, sentence):
    with pytest.raises(InputError, match=sentence):
        region_of(EXTENT, rect, None)


def test_no_region_is_all_of_it():
    assert region_of(EXTENT, None, None).selection is None


@pytest.fixture
def write_mask(tmp_path):
    def write(samples, channels=Channels.Y):
        path = tmp_path / "mask.png"
        save(Picture(samples, channels), path)
        return path

    return write


def test_a_mask_gives_its_coverage_and_bounds(write_mask):
    samples = np.zeros((8, 12, 1), np.uint8)
    samples[2:5, 3:10] = 128
    region = region_of(EXTENT, None, write_mask(samples))
    assert region.selection.bounds == Bounds(3, 2, 7, 3)
    assert region.selection.has_coverage
    np.testing.assert_array_equal(region.coverage, samples[..., 0])


def test_a_grey_mask_may_be_stored_as_rgb(write_mask):
    samples = np.full((8, 12, 3), 255, np.uint8)
    assert region_of(EXTENT, None, write_mask(samples, Channels.RGB)).selection.bounds == EXTENT.bounds


@pytest.mark.parametrize(
    ("samples", "channels", "sentence"),
    [
        (np.zeros((8, 12, 1), np.uint8), Channels.Y, "selects nothing"),
        (np.full((8, 13, 1), 255, np.uint8), Channels.Y, "has 13 x 8 pixels"),
        (np.tile(np.array([255, 0, 0], np.uint8), (8, 12, 1)), Channels.RGB, "is coloured"),
        (np.zeros((8, 12, 4), np.uint16), Channels.RGBA, "selects nothing"),
    ],
    ids=["black", "extent", "colour", "transparent"],
)
def test_masks_that_cannot_be_meant(write_mask, samples, channels, sentence):
    with pytest.raises(InputError, match=sentence) as caught:
        region_of(EXTENT, None, write_mask(samples, channels))
    assert caught.value.info.remedy


def test_a_rectangle_and_a_mask_contradict_each_other(write_mask):
    with pytest.raises(InputError, match="Both"):
        region_of(EXTENT, Bounds(0, 0, 2, 2), write_mask(np.full((8, 12, 1), 255, np.uint8)))


def test_an_inverted_mask_selects_what_it_does_not(write_mask):
    samples = np.full((8, 12, 1), 255, np.uint8)
    path = write_mask(samples)
    with pytest.raises(InputError, match="The inverted mask selects nothing"):
        region_of(EXTENT, None, path, inverted=True)
    samples[2:5, 3:10] = 100
    path = write_mask(samples)
    region = region_of(EXTENT, None, path, inverted=True)
    assert (region.selection.bounds, region.is_inverted) == (Bounds(3, 2, 7, 3), True)
    np.testing.assert_array_equal(region.coverage, 255 - samples[..., 0])
    assert region.coverage_sha256 != region_of(EXTENT, None, path).coverage_sha256


def test_an_inversion_wants_a_mask():
    with pytest.raises(InputError, match="without a mask"):
        region_of(EXTENT, Bounds(0, 0, 2, 2), None, inverted=True)
