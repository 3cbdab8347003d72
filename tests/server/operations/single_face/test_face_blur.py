import numpy as np
import pytest
from scipy import ndimage
from skimage import data

from foveate_server.engines.values import Face
from foveate_server.operations.single_face.face_blur import SHARP, read_face_blur, with_surroundings
from foveate_server.operations.with_restorer.grid import snap

FACE = Face((180.0, 71.0, 86.0, 106.0), (), 0.9)  # of the astronaut
SIZE = 95.0


@pytest.fixture(scope="module")
def crops():
    """The same face at several blurs, in pixels."""
    photo = data.astronaut().astype(np.float32) / 255
    return {
        sigma: with_surroundings(ndimage.gaussian_filter(photo, (sigma, sigma, 0)), FACE) for sigma in (1.2, 2, 3, 5)
    }


def test_the_softer_the_face_the_less_is_done_and_in_the_end_nothing(crops) -> None:
    readings = [read_face_blur(crop, SIZE) for crop in crops.values()]
    blurs, effects = [blur for blur, _ in readings], [reach.effect for _, reach in readings]
    assert blurs == sorted(blurs)
    assert effects == sorted(effects, reverse=True)
    assert effects[0] == 1
    assert effects[-1] == 0
    assert "too soft" in readings[-1][1].sentence
    assert readings[0][1].sentence is None
    assert 1 < readings[1][1].reduction <= 2
    assert snap(readings[1][1].reduction) > snap(readings[0][1].reduction)


def test_a_small_face_gets_less_and_is_told_why(crops) -> None:
    small = crops[1.2][::5, ::5]
    _, reach = read_face_blur(small, 20.0)
    assert reach.effect < 0.5
    assert reach.sentence is None or "pixels large" in reach.sentence or reach.sentence == SHARP


def test_what_does_not_enlarge_is_not_held_back_but_by_focus(crops) -> None:
    for crop, size in ((crops[5], SIZE), (crops[1.2][::5, ::5], 20.0)):
        _, limited = read_face_blur(crop, size)
        _, reach = read_face_blur(crop, size, enlarges=False)
        assert limited.effect < 0.5
        assert (reach.effect, reach.sentence) == (1.0, None) or limited.sentence == SHARP
    sharp = with_surroundings(data.astronaut().astype(np.float32)[::2, ::2] / 255, Face((90, 35, 43, 53), (), 0.9))
    assert read_face_blur(sharp, 47.0, enlarges=False)[1].sentence == SHARP


def test_a_sharp_clean_face_is_left_alone_and_a_noisy_one_is_not() -> None:
    photo = data.astronaut().astype(np.float32) / 255
    sharp = with_surroundings(photo, FACE)[:130, :106].reshape(65, 2, 53, 2, 3).mean(axis=(1, 3))
    _, reach = read_face_blur(sharp, 47.0)
    assert reach.effect == 0
    assert reach.sentence == SHARP
    noisy = sharp + np.random.default_rng(0).normal(0, 0.08, sharp.shape).astype(np.float32)
    _, reach = read_face_blur(noisy, 47.0)
    assert reach.effect > 0.5


def test_the_surroundings_stay_within_the_image() -> None:
    image = np.zeros((50, 40, 3), np.float32)
    assert with_surroundings(image, Face((-10.0, -10.0, 40.0, 40.0), (), 1.0)).shape == (35, 35, 3)
