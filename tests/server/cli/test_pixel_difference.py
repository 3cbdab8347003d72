"""How far pictures are apart, and what is said about a result that another device has made again."""

import numpy as np
import pytest

from foveate_server.cli.pixel_difference import EXACT, ROUGH, Difference, bound_for, difference
from foveate_server.cli.replay_recipe import ReplayVerdict
from foveate_server.picture_files.picture import Picture
from foveate_shared.pixels import Channels


def picture(samples):
    return Picture(np.asarray(samples).reshape(1, -1, 1), Channels.Y)


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        (np.uint8([0, 10, 20, 255]), np.uint8([3, 10, 20, 254]), (3, 1)),
        (np.uint16([0, 65_535]), np.uint16([257, 65_535]), (1, 0.5)),
        (np.float32([0, 1]), np.float32([0.00015176, 1]), (0.5, 0.25)),  # of the linear part of sRGB's curve
        (np.float16([0.2140, 4]), np.float16([0.2140, 4]), (0, 0)),
        (np.float32([0.21404]), np.float32([0.0]), (127.5, 127.5)),
    ],
)
def test_differences_are_in_levels_of_8_bit(one, other, apart):
    found = difference(picture(one), picture(other))
    assert (found.largest, found.mean) == pytest.approx(apart, abs=0.01)


def test_tall_pictures_are_compared_whole():
    low, high = np.zeros((700, 3, 1), np.uint8), np.zeros((700, 3, 1), np.uint8)
    high[699, 2] = 210
    assert difference(Picture(low, Channels.Y), Picture(high, Channels.Y)) == Difference(210, 0.1)


def test_pictures_of_other_kinds_cannot_be_compared():
    assert difference(picture(np.uint8([1, 2])), picture(np.uint8([1]))) is None
    assert difference(picture(np.uint8([1])), picture(np.uint16([1]))) is None


@pytest.mark.parametrize(
    ("recipe", "bound"),
    [
        ({"parameters": {"pinned": {"dtype": "bfloat16"}}}, ROUGH),
        ({"parameters": {"pinned": {"dtype": "float16"}}}, ROUGH),
        ({"parameters": {"pinned": {"dtype": "float32"}}}, EXACT),
        ({"parameters": {}}, EXACT),
        ({}, EXACT),
    ],
)
def test_the_bound_follows_from_the_recipe(recipe, bound):
    assert bound_for(recipe) == bound


@pytest.mark.parametrize(
    ("recorded", "in_file", "apart", "words"),
    [
        (True, True, Difference(0, 0), "bit for bit"),
        (True, None, Difference(9, 3), "bit for bit"),
        (True, False, Difference(9, 3), "the file was changed"),
        (False, False, Difference(7, 0.2), "by 7 at most and 0.2 on average in 8-bit levels. That is within"),
        (False, False, Difference(9, 0.2), "That is beyond"),
        (False, False, Difference(7, 0.6), "That is beyond"),
        (False, None, Difference(7, 0.2), "encoding included"),
        (False, False, None, "another kind"),
    ],
)
def test_the_verdict_is_a_sentence(recorded, in_file, apart, words):
    assert words in ReplayVerdict(recorded, in_file, apart, ROUGH).sentence()
