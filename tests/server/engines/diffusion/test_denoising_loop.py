from __future__ import annotations

import numpy as np
import pytest
import torch

from foveate_server.engines.diffusion.denoising_loop import Start, denoise, seeded_noise
from foveate_server.engines.diffusion.quiet_libraries import quiet
from foveate_server.engines.diffusion.schedulers import SCHEDULERS, Sampler, Schedule

BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
SHAPE = (4, 8, 12)
CPU = torch.device("cpu")


def _sampler(name: str = "euler", prediction: str = "epsilon", steps: int = 10, strength: float = 1.0) -> Sampler:
    with quiet():
        return Sampler(Schedule(name, prediction, steps, strength), {} if prediction == "flow" else BETAS, CPU)


def _start(mask=None) -> Start:
    fresh = seeded_noise([1], SHAPE, CPU)
    original = torch.randn(1, *SHAPE, generator=torch.Generator().manual_seed(9))
    return Start(original, fresh.noise, fresh.generators, mask)


KINDS = [(name, "flow" if name == "flow-euler" else kind) for name in SCHEDULERS for kind in ("epsilon", "v")]


@pytest.mark.parametrize(("name", "prediction"), dict.fromkeys(KINDS))
def test_a_network_that_knows_the_picture_arrives_there(name, prediction):
    start = _start()
    target = torch.linspace(-1, 1, start.original.numel()).reshape(start.original.shape)
    sampler = _sampler(name, prediction, strength=0.6)
    seen = []

    def predict(scaled, step):
        latents = scaled * (1 + step.sigma**2) ** 0.5 if step.alpha == 1 else scaled  # as Euler scales
        return step.predicted(latents, target)

    result = denoise(predict, sampler, start, lambda step, clean: seen.append(clean))
    assert len(seen) == 6
    assert all(torch.allclose(clean, target, atol=1e-3) for clean in seen)
    assert (result - target).abs().mean() < 0.05  # DDIM ends at its first noise level, not at none


@pytest.mark.parametrize(("name", "prediction"), [("euler", "epsilon"), ("ddim", "v"), ("flow-euler", "flow")])
def test_a_place_is_free_for_the_share_of_the_steps_that_its_mask_says(name, prediction):
    mask = torch.zeros(1, 1, *SHAPE[1:])
    mask[..., 3:6], mask[..., 6:9], mask[..., 9:] = 0.3, 0.5, 1.0
    start = _start(mask)
    sampler = _sampler(name, prediction, steps=20, strength=0.5)
    followed = []

    def predict(scaled, step):
        noised = sampler.scaled(sampler.noised(start.original, start.noise, step), step)
        followed.append(torch.isclose(scaled, noised, atol=1e-4).all(dim=(0, 1, 2)).tolist())
        return torch.full_like(scaled, 0.3)

    result = denoise(predict, sampler, start, lambda step, clean: None)
    free = 10 - np.array(followed).sum(axis=0)
    assert free.reshape(4, 3).tolist() == [[0] * 3, [3] * 3, [5] * 3, [9] * 3]  # all begin where the original is
    assert torch.equal(result[..., :3], start.original[..., :3])
    assert not torch.isclose(result[..., 3:], start.original[..., 3:]).any()


def test_a_full_mask_is_none():
    def predict(scaled, step):
        return torch.tanh(scaled)

    ends = [
        denoise(predict, _sampler(), _start(mask), lambda step, clean: None) for mask in (None, torch.ones(1, 1, 8, 12))
    ]
    assert torch.equal(*ends)


def test_hooks_change_what_the_network_has_in_mind():
    start = _start()
    target = torch.full_like(start.original, 0.25)
    result = denoise(
        lambda scaled, step: torch.zeros_like(scaled),
        _sampler(),
        start,
        lambda step, clean: None,
        [lambda clean, step: target],
    )
    assert torch.allclose(result, target, atol=1e-4)


def test_noise_depends_on_the_seed_alone():
    alone, beside = seeded_noise([5], SHAPE, CPU), seeded_noise([4, 5, 6], SHAPE, CPU)
    assert torch.equal(alone.noise[0], beside.noise[1])
    assert not torch.equal(beside.noise[0], beside.noise[1])
    assert torch.equal(seeded_noise([-1], SHAPE, CPU).noise, seeded_noise([2**64 - 1], SHAPE, CPU).noise)


@pytest.mark.parametrize(("strength", "run"), [(0.01, 1), (0.25, 2), (0.5, 5), (0.99, 10), (1.0, 10)])
def test_strength_chooses_how_many_steps_are_run(strength, run):
    assert len(_sampler(strength=strength).steps) == run
