"""Masks as other programs write them: grey of any depth, with alpha, painted on a transparent layer."""

import numpy as np
import pytest

from foveate_server.cli.mask_coverage import read_coverage
from foveate_server.picture_files.picture import Picture
from foveate_server.picture_files.write import save
from foveate_shared.errors import InputError
from foveate_shared.pixels import AlphaMode, Channels

GREY = np.array([[0, 1, 128, 254, 255]], np.uint8)


def coverage_of(folder, samples, channels, suffix=".png", alpha=AlphaMode.STRAIGHT):
    path = folder / f"mask{suffix}"
    save(Picture(np.stack(samples, -1), channels, alpha), path)
    return read_coverage(path).tolist()


@pytest.mark.parametrize(
    ("samples", "suffix"),
    [
        (GREY, ".png"),
        (GREY.astype(np.uint16) * 257, ".png"),
        (GREY.astype(np.uint16) * 257, ".tif"),
        (GREY.astype(np.float32) / 255, ".tif"),
        (np.array([[-1, 1 / 255, 128 / 255, 254 / 255, 7]], np.float32), ".exr"),
    ],
    ids=["8 bit", "16 bit", "16 bit TIFF", "float", "beyond white"],
)
def test_white_is_selected_at_any_depth(tmp_path, samples, suffix):
    assert coverage_of(tmp_path, [samples], Channels.Y, suffix) == GREY.tolist()
    assert coverage_of(tmp_path, [samples] * 3, Channels.RGB, suffix) == GREY.tolist()


def test_a_value_that_is_none_selects_nothing(tmp_path):
    assert coverage_of(tmp_path, [np.array([[np.nan, 1, np.inf]], np.float32)], Channels.Y, ".exr") == [[0, 255, 0]]


def test_16_bits_are_rounded_and_none_and_all_stay_none_and_all(tmp_path):
    samples = np.array([[0, 1, 128, 129, 32_896, 65_406, 65_407, 65_535]], np.uint16)
    assert coverage_of(tmp_path, [samples], Channels.Y) == [[0, 0, 0, 1, 128, 254, 255, 255]]


def test_an_alpha_that_is_full_is_ignored(tmp_path):
    full = np.full_like(GREY, 255)
    assert coverage_of(tmp_path, [GREY, full], Channels.YA) == GREY.tolist()
    assert coverage_of(tmp_path, [GREY, GREY, GREY, full], Channels.RGBA) == GREY.tolist()


@pytest.mark.parametrize("color", [(255, 255, 255), (0, 0, 0), (200, 10, 30)], ids=["white", "black", "red"])
def test_what_one_colour_painted_on_a_transparent_layer_selects_is_its_alpha(tmp_path, color):
    painted = [np.where(GREY > 0, np.uint8(value), np.uint8(77)) for value in color]  # under zero alpha lies anything
    assert coverage_of(tmp_path, [*painted, GREY], Channels.RGBA) == GREY.tolist()
    deep = [plane.astype(np.uint16) * 257 for plane in (*painted, GREY)]
    assert coverage_of(tmp_path, deep, Channels.RGBA) == GREY.tolist()


def test_of_grey_that_is_transparent_in_part_white_and_opaque_is_selected(tmp_path):
    grey, alpha = np.array([[255, 255, 0, 128]], np.uint8), np.array([[255, 0, 255, 128]], np.uint8)
    assert coverage_of(tmp_path, [grey, alpha], Channels.YA) == [[255, 0, 0, 64]]


@pytest.mark.parametrize(("color", "expected"), [(GREY, GREY), (GREY * 0, GREY)], ids=["white", "black"])
def test_premultiplied_alpha_counts_once(tmp_path, color, expected):
    layout = (Channels.YA, ".tif", AlphaMode.PREMULTIPLIED)
    assert coverage_of(tmp_path, [color, GREY], *layout) == expected.tolist()


def test_a_picture_with_a_hole_is_no_mask(tmp_path):
    random = np.random.default_rng(1).integers(0, 255, (4, 4, 3), np.uint8)
    alpha = np.full((4, 4), 255, np.uint8)
    alpha[1:3, 1:3] = 0
    with pytest.raises(InputError, match="is coloured"):
        coverage_of(tmp_path, [*np.moveaxis(random, -1, 0), alpha], Channels.RGBA)
