from __future__ import annotations

import pytest
import torch

from foveate_server.engines.diffusion.quiet_libraries import quiet
from foveate_server.engines.diffusion.schedulers import SCHEDULERS, Sampler, Schedule
from foveate_shared.errors import InputError

BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
CPU = torch.device("cpu")


def _sampler(name: str, steps: int, strength: float = 1.0, **options) -> Sampler:
    prediction = "flow" if name == "flow-euler" else "epsilon"
    config = options.pop("config", {} if prediction == "flow" else BETAS)
    with quiet():
        return Sampler(Schedule(name, prediction, steps, strength, **options), config, CPU)


@pytest.mark.parametrize("name", SCHEDULERS)
@pytest.mark.parametrize("steps", [1, 2, 50])
def test_noise_falls_from_step_to_step(name, steps):
    sampler = _sampler(name, steps)
    noise = [step.sigma / step.alpha if step.alpha else float("inf") for step in sampler.steps]
    assert len(noise) == steps
    assert noise == sorted(noise, reverse=True)
    latents = sampler.start(torch.zeros(1, 4, 4, 4), torch.ones(1, 4, 4, 4))
    generators = [torch.Generator().manual_seed(0)]
    for step in sampler.steps:
        latents = sampler.advance(torch.zeros_like(latents), latents, step, generators)
    assert torch.isfinite(latents).all()


@pytest.mark.parametrize("name", SCHEDULERS)
def test_a_part_of_the_way_is_the_end_of_the_whole(name):
    whole, part = _sampler(name, 10), _sampler(name, 10, 0.4)
    assert [(step.alpha, step.sigma) for step in part.steps] == [(step.alpha, step.sigma) for step in whole.steps[6:]]


def test_noise_at_a_step_is_what_diffusers_adds():
    from diffusers import DPMSolverMultistepScheduler

    original, noise = torch.randn(1, 4, 4, 4), torch.randn(1, 4, 4, 4)
    sampler = _sampler("dpm++2m", 10, 0.5)
    with quiet():
        theirs = DPMSolverMultistepScheduler(**BETAS)
        theirs.set_timesteps(10)
        theirs.set_begin_index(5)
        expected = theirs.add_noise(original, noise, theirs.timesteps[5:6])
    assert torch.allclose(sampler.noised(original, noise, sampler.steps[0]), expected, atol=1e-6)


def test_more_steps_than_a_scheduler_knows_is_a_sentence():
    with pytest.raises(InputError, match='The scheduler "lcm" cannot run 60 steps'):
        _sampler("lcm", 60)


def test_larger_pictures_shift_the_noise_levels_of_flow_matching():
    config = {"use_dynamic_shifting": True, "base_shift": 0.5, "max_shift": 1.15}
    small, large = (
        _sampler("flow-euler", 4, tokens=tokens, config=config, uniform_sigmas=True) for tokens in (256, 4096)
    )
    assert all(more.sigma > less.sigma for more, less in zip(large.steps[1:], small.steps[1:], strict=True))
