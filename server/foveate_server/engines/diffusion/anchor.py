"""Keeps a wall that wall: the low frequencies of what the network has in mind are pulled towards the start image's."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from foveate_server.engines.diffusion.contract import Step

_CELL = 64  # image pixels: what is coarser than this is held

# (the picture that the network has in mind (b, c, h, w) float32, step) -> what it shall have in mind instead. The loop
# asks for `step.clean(...)`, lets each of its hooks change that, and goes on with `step.predicted(...)`.
CleanHook = Callable[[Tensor, Step], Tensor]


class LowFrequencyAnchor:
    """A hook of the loop that pulls by an amount that fades with the step: composition first, detail then."""

    def __init__(self, start: Tensor, amount: float, *, factor: int = 8) -> None:
        """`start` (1 or b, c, h, w): the start image's clean latents; `amount` 0 (not at all) to 1.

        `factor` is the number of image pixels per latent. Raises ValueError for another amount.
        """
        if not 0 <= amount <= 1:
            raise ValueError(f"an anchor holds by 0 to 1, not {amount}")
        self._amount = amount
        self._sigma = _CELL / factor / 2  # latents
        self._low = low_frequencies(start.to(torch.float32), self._sigma)

    def __call__(self, clean: Tensor, step: Step) -> Tensor:
        """Return `clean` with its low frequencies pulled towards those of the start."""
        pull = self._amount * (1 - (step.index / max(1, step.count)) ** 2)
        if pull <= 0:
            return clean
        return clean + pull * (self._low - low_frequencies(clean, self._sigma))


def low_frequencies(x: Tensor, sigma: float) -> Tensor:
    """Return `x` (b, c, h, w) through a Gaussian of `sigma` places; beyond its edges the edges go on."""
    radius = max(1, round(3 * sigma))
    places = torch.arange(-radius, radius + 1, dtype=torch.float64)
    bell = torch.exp(-(places**2) / (2 * sigma**2))
    kernel = (bell / bell.sum()).to(x.dtype).to(x.device)
    batch, channels, height, width = x.shape
    planes = x.reshape(batch * channels, 1, height, width)
    for padding, row in (((radius, radius, 0, 0), kernel[None, :]), ((0, 0, radius, radius), kernel[:, None])):
        planes = functional.conv2d(functional.pad(planes, padding, mode="replicate"), row[None, None])
    return planes.reshape(x.shape)
