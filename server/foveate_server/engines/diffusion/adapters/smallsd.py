"""Small Stable Diffusion: asked as 1.x is."""

from __future__ import annotations

from foveate_server.engines.diffusion.adapters.unet import UNetDenoiser
from foveate_server.families.smallsd import FAMILY


class SmallSD(UNetDenoiser):
    """Implements contract.Denoiser for its checkpoints."""

    family = FAMILY
    pipeline = "StableDiffusionPipeline"
