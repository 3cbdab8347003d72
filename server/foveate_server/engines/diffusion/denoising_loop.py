"""The denoising loop: a start image under noise, and a soft mask that says how much each place may change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from foveate_server.engines.diffusion.contract import Predict, Step
from foveate_server.engines.diffusion.schedulers import Sampler

AfterStep = Callable[[Step, Tensor], None]  # with the pictures (b, c, h, w) that the network has in mind
# (the pictures that the network has in mind (b, c, h, w) float32, step) -> what it shall have in mind instead
CleanHook = Callable[[Tensor, Step], Tensor]


@dataclass(frozen=True)
class Start:
    """What a run begins with. Latents are float32 on the device."""

    original: Tensor  # (n, c, h, w) or (1, c, h, w): of the image
    noise: Tensor  # (n, c, h, w): one per picture
    generators: tuple[torch.Generator, ...]  # one per picture, in the state after its noise was drawn
    mask: Tensor | None = None  # (1, 1, h, w): how much may change, 0 to 1; None is everything everywhere


def seeded_noise(seeds: Sequence[int], shape: tuple[int, int, int], device: torch.device) -> Start:
    """Return a start without an image: noise (n, *shape) that a seed makes alike on every device and in any batch."""
    generators = tuple(torch.Generator("cpu").manual_seed(seed % 2**64) for seed in seeds)
    noise = torch.stack([torch.randn(shape, generator=generator) for generator in generators]).to(device)
    return Start(torch.zeros_like(noise), noise, generators)


def denoise(
    predict: Predict, sampler: Sampler, start: Start, after_step: AfterStep, hooks: Sequence[CleanHook] = ()
) -> Tensor:
    """Return the latents (n, c, h, w) of the finished pictures; `hooks` correct what the network has in mind.

    A place whose mask is m follows the original, noised again at each step, until only the share m of the steps is
    left (differential diffusion): where m is 1 it is free from the beginning, where m is 0 it stays the original.
    """
    latents = sampler.start(start.original, start.noise)
    for step in sampler.steps:
        if start.mask is not None:
            noised = sampler.noised(start.original, start.noise, step)
            latents = torch.where(_is_free(start.mask, step), latents, noised)
        predicted = predict(sampler.scaled(latents, step), step)
        clean = step.clean(latents, predicted)
        for hook in hooks:
            clean = hook(clean, step)
        if hooks:
            predicted = step.predicted(latents, clean)
        latents = sampler.advance(predicted, latents, step, list(start.generators))
        after_step(step, clean)
    if start.mask is not None:
        latents = torch.where(_is_free(start.mask, sampler.steps[-1]), latents, start.original)
    return latents


def _is_free(mask: Tensor, step: Step) -> Tensor:
    left = 1 - step.index / step.count
    return mask >= left - 1e-6
