"""Diffusion without a network: exact, in proportion to strength and mask, and as cancellable as the real one."""

import numpy as np
import pytest

from foveate_server.engines.deterministic.engine import Options, create
from foveate_server.engines.deterministic.tints import TINT
from foveate_server.engines.diffusion_request import DiffusionRequest, Prompt
from foveate_server.json_records import to_json
from foveate_shared.errors import CancelledJobError, InputError

IMAGE = np.full((16, 24, 3), 0.5, np.float32)


class Ticker:
    """Cancels at a step, where it is told one."""

    def __init__(self, cancel_at=None):
        self.cancel_at = cancel_at
        self.steps = []

    def check(self):
        if self.cancel_at is not None and len(self.steps) >= self.cancel_at:
            raise CancelledJobError("The job was cancelled.")

    def give_way(self):
        return False

    def progress(self, stage, fraction, step=0, steps=0):
        self.steps.append(step)
        self.check()

    def note(self, text):
        raise AssertionError(text)


def _diffuse(ticker=None, preview=None, **values):
    request = DiffusionRequest(**{"image": IMAGE, "mask": None, "model": None, **values})
    return create(to_json(Options())).diffuse(request, ticker=ticker or Ticker(), preview=preview).images


def test_strength_zero_is_the_identity():
    (image,) = _diffuse(strength=0.0)
    assert np.array_equal(image, IMAGE)


def test_seeds_and_prompts_give_pictures_of_their_own():
    first, second = _diffuse(seeds=(1, 2))
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, _diffuse(seeds=(1,), prompt=Prompt("a face"))[0])
    assert np.array_equal(first, _diffuse(seeds=(1,))[0])


def test_the_mask_bounds_the_effect():
    mask = np.zeros(IMAGE.shape[:2], np.float32)
    mask[4:8, 4:8] = 1
    (image,) = _diffuse(mask=mask, strength=1.0)
    assert np.array_equal(image[mask == 0], IMAGE[mask == 0])
    assert 0 < np.abs(image[mask == 1] - 0.5).max() <= TINT


def test_previews_come_nearer_and_a_cancel_ends_it():
    seen = []
    (image,) = _diffuse(preview=seen.append)
    assert len(seen) == 10  # of 20 steps at the strength of one half
    assert np.abs(seen[-1] / 255 - image).max() < 1 / 255
    with pytest.raises(CancelledJobError):
        _diffuse(ticker=Ticker(cancel_at=3))


def test_odd_sides_are_refused():
    with pytest.raises(InputError, match="multiples of 8"):
        _diffuse(image=IMAGE[:15])
