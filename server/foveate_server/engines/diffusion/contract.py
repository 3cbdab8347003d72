"""What the parts of diffusion agree on: a loaded checkpoint that predicts, and what it is asked at each step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import hypot
from typing import Any, Protocol

import torch
from torch import Tensor

from foveate_server.engines.diffusion_request import Prompt
from foveate_server.families.family import Family, Prediction
from foveate_shared.geometry import Bounds, Extent


@dataclass(frozen=True)
class CropPlace:
    """Where what the network sees lies on the whole picture, in image pixels."""

    whole: Extent
    seen: Bounds  # within `whole`


@dataclass(frozen=True)
class Embeds:
    """A text as a family's network reads it, on the network's device and in its dtype."""

    hidden: Tensor  # (1, tokens, width)
    pooled: Tensor | None = None  # (1, width), where the family has one


@dataclass(frozen=True)
class Conditioning:
    """A prompt, encoded. Opaque to all but the denoiser that made it; holds for any number of pictures."""

    positive: Embeds
    negative: Embeds | None  # None where the family knows no negative prompt


@dataclass(frozen=True)
class Step:
    """One step of the denoising loop: where on the way from noise to picture the latents are.

    Latents are `alpha * clean + sigma * noise`, before the scheduler scales them for the network.
    """

    index: int  # from 0
    count: int  # of steps that are run
    timestep: Tensor  # (), as the network is told it
    alpha: float
    sigma: float
    prediction: Prediction

    def clean(self, latents: Tensor, predicted: Tensor) -> Tensor:
        """Return the picture that the network has in mind; `latents` unscaled, all float32 (b, c, h, w)."""
        if self.prediction == "flow":
            return latents - self.sigma * predicted
        if self.prediction == "epsilon":
            return (latents - self.sigma * predicted) / self.alpha
        length = hypot(self.alpha, self.sigma)
        return self.alpha / length**2 * latents - self.sigma / length * predicted

    def predicted(self, latents: Tensor, clean: Tensor) -> Tensor:
        """Return the prediction that means `clean`: the inverse of :meth:`clean`."""
        if self.prediction == "flow":
            return (latents - clean) / self.sigma
        if self.prediction == "epsilon":
            return (latents - self.alpha * clean) / self.sigma
        length = hypot(self.alpha, self.sigma)
        return (self.alpha / length**2 * latents - clean) * length / self.sigma


# (scaled latents (b, c, h, w) float32, step) -> prediction of the same shape, float32: what the loop asks at each step.
Predict = Callable[[Tensor, Step], Tensor]


class Denoiser(Protocol):
    """A loaded checkpoint of one family on its device. Tensors of images and latents are float32 on that device."""

    @property
    def family(self) -> Family:
        """Return the family, with its numbers."""

    @property
    def device(self) -> torch.device:
        """Return where it computes."""

    @property
    def dtype(self) -> torch.dtype:
        """Return in what the denoising network computes."""

    @property
    def vae(self) -> Any:
        """Return the autoencoder, diffusers' AutoencoderKL, on the device and in the dtype that is safe for it."""

    def encode_prompt(self, prompt: Prompt) -> Conditioning:
        """Return `prompt` as the network reads it. Raises InputError where it cannot be parsed."""

    def encode(self, image: Tensor) -> Tensor:
        """Return the latents (b, c, h / factor, w / factor) of an image (b, 3, h, w), -1..1, scaled for the network."""

    def decode(self, latents: Tensor) -> Tensor:
        """Return the image (b, 3, h, w), about -1..1, of latents (b, c, h / factor, w / factor)."""

    def predict(
        self,
        latents: Tensor,
        timestep: Tensor,
        conditioning: Conditioning,
        *,
        guidance_scale: float,
        places: Sequence[CropPlace],
        beside: Tensor | None = None,
    ) -> Tensor:
        """Return what the network predicts (noise, v or flow), guidance applied: float32, as `latents` (b, c, h, w).

        `latents` are scaled by the scheduler; `timestep` () and `conditioning` hold for all rows; `places` are one per
        row. `beside` (b, k, h, w) are the channels that an inpainting network sees beside the latents, cut alike.
        """
