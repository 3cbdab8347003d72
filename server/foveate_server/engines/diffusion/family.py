"""A family of checkpoints: the numbers that all of its members share. Knows nothing of torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Prediction = Literal["epsilon", "v", "flow"]
LatentColor = tuple[float, float, float]  # what one latent channel adds to red, green and blue, each -1 to 1


@dataclass(frozen=True)
class Defaults:
    """The sampling of a checkpoint where nothing else is asked for."""

    num_inference_steps: int
    guidance_scale: float
    scheduler: str
    strength: float


@dataclass(frozen=True)
class Family:
    """What is common to the checkpoints that descend from one base model."""

    name: str  # "sd1", "sd2", "sdxl", "sd3" or "flux1"
    title: str  # for a person: "SDXL"
    native_side: int  # image pixels: of the square of the area that it was trained at
    multiple: int  # sides of images are multiples of it, in pixels
    factor: int  # image pixels per latent, along one axis
    latent_channels: int
    prediction: Prediction  # unless the checkpoint's own configuration says otherwise
    defaults: Defaults
    schedulers: tuple[str, ...]  # names of `schedulers.SCHEDULERS` that work with it
    latent_colors: tuple[LatentColor, ...]  # one per channel: previews without a decoder
    latent_bias: LatentColor = (0.0, 0.0, 0.0)
    half_vae: bool = True  # its autoencoder can compute in float16; else it overflows
    operations: tuple[str, ...] = ("refocus", "faces", "fill", "upscale", "compare")

    @property
    def pixels(self) -> int:
        """Return the pixel budget: the area that it was trained at."""
        return self.native_side**2
