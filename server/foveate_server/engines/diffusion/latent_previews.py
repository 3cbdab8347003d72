"""Previews of what a network has in mind: by a small decoder, else each latent channel adds its colour."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from math import ceil, sqrt

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from foveate_server.engines.diffusion.tiny_vae import FACTOR, TinyVae
from foveate_server.engines.diffusion_request import ShowPreview
from foveate_server.families.family import Family

_logger = logging.getLogger(__name__)
_PAUSE_SECONDS = 0.3  # between two previews
_COST_PAUSES = 9  # times as long as a preview took to make: it costs a tenth of the time at most
_PIXELS = 3 << 19  # of what a small decoder is asked for: 1.5 megapixels, any crop that is seen as a whole
_SIDE = 768  # pixels: nobody is shown more


def latents_to_rgb(latents: Tensor, family: Family) -> NDArray[np.uint8]:
    """Return the colours (h, w, 3), sRGB-encoded, that `latents` (c, h, w) stand for, one pixel per latent."""
    colors = torch.tensor(family.latent_colors, dtype=torch.float32)
    bias = torch.tensor(family.latent_bias, dtype=torch.float32)
    rgb = torch.einsum("chw,cd->hwd", latents.float().cpu(), colors) + bias
    levels = ((rgb + 1) * 127.5).round().clamp(0, 255)
    return np.asarray(levels.nan_to_num().to(torch.uint8).numpy())


def decoded_to_rgb(latents: Tensor, tiny: TinyVae, room: int) -> NDArray[np.uint8]:
    """Return the picture (h, w, 3), sRGB-encoded, that `tiny` makes of `latents` (c, h, w), 768 pixels wide at most.

    Within `room` bytes; what would need more, or is very large, is seen reduced. Raises ValueError and RuntimeError.
    """
    pixels = min(_PIXELS, room // tiny.need(1))
    area = latents.shape[1] * latents.shape[2] * FACTOR**2
    if pixels < area // FACTOR**2:
        raise ValueError("there is no memory for it")
    image = tiny.decode(_reduced(latents[None], ceil(sqrt(area / pixels))))
    image = _reduced(image, ceil(max(image.shape[2:]) / _SIDE))
    levels = ((image[0] + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
    return np.asarray(levels.permute(1, 2, 0).contiguous().cpu().numpy())


class LatentPreviews:
    """Shows the first picture of a batch, a few times a second at most."""

    def __init__(
        self,
        show: ShowPreview | None,
        family: Family,
        now: Callable[[], float] = time.monotonic,
        *,
        tiny: TinyVae | None = None,
        room: int = 0,
    ) -> None:
        """`tiny` decodes them within `room` bytes; without it, or where it fails, colours are shown."""
        self._show = show
        self._family = family
        self._now = now
        self._tiny = tiny  # None once it has failed
        self._room = room
        self._next = 0.0  # seconds, by `now`: when the next one may be shown; the first may at once
        self._is_first = True

    def offer(self, clean: Tensor) -> None:
        """Show `clean` (b, c, h, w), the pictures that the network has in mind, if it is time."""
        if self._show is None:
            return
        now = self._now()
        if not self._is_first and now < self._next:
            return
        self._is_first = False
        self._next = now + _PAUSE_SECONDS
        self._show(self._picture(clean[0]))

    def _picture(self, latents: Tensor) -> NDArray[np.uint8]:
        if self._tiny is None:
            return latents_to_rgb(latents, self._family)
        latents[0, 0, 0].item()  # waits for the device, whose work so far is none of the preview's
        begun = self._now()
        try:
            picture = decoded_to_rgb(latents, self._tiny, self._room)
        except (ValueError, RuntimeError) as error:  # a preview is not worth a job
            _logger.warning("the small VAE does not work, previews are rougher: %s", error)
            self._tiny = None
            return latents_to_rgb(latents, self._family)
        cost = self._now() - begun
        self._next = max(self._next, begun + (1 + _COST_PAUSES) * cost)
        return picture


def _reduced(x: Tensor, by: int) -> Tensor:
    """Return the means of `x` (b, c, h, w) over squares of `by`."""
    return x if by <= 1 else functional.avg_pool2d(x, by, ceil_mode=True)
