"""Previews without a decoder: each latent channel adds its colour."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from foveate_server.engines.diffusing import ShowPreview
from foveate_server.engines.diffusion.family import Family

_PAUSE_SECONDS = 0.3  # between two previews


def latents_to_rgb(latents: Tensor, family: Family) -> NDArray[np.uint8]:
    """Return the colours (h, w, 3), sRGB-encoded, that `latents` (c, h, w) stand for, one pixel per latent."""
    colors = torch.tensor(family.latent_colors, dtype=torch.float32)
    bias = torch.tensor(family.latent_bias, dtype=torch.float32)
    rgb = torch.einsum("chw,cd->hwd", latents.float().cpu(), colors) + bias
    levels = ((rgb + 1) * 127.5).round().clamp(0, 255)
    return np.asarray(levels.nan_to_num().to(torch.uint8).numpy())


class Previews:
    """Shows the first picture of a batch, a few times a second at most."""

    def __init__(self, show: ShowPreview | None, family: Family, now: Callable[[], float] = time.monotonic) -> None:
        self._show = show
        self._family = family
        self._now = now
        self._shown = -_PAUSE_SECONDS  # seconds, by `now`; when the last one was shown

    def offer(self, clean: Tensor) -> None:
        """Show `clean` (b, c, h, w), the pictures that the network has in mind, if it is time."""
        if self._show is None or self._now() - self._shown < _PAUSE_SECONDS:
            return
        self._shown = self._now()
        self._show(latents_to_rgb(clean[0], self._family))
