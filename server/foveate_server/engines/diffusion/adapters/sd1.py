"""Stable Diffusion 1.x: 512 px, one CLIP text encoder of width 768."""

from __future__ import annotations

from foveate_server.engines.diffusion.adapters.unet import UNetDenoiser
from foveate_server.families.sd1 import FAMILY


class SD1(UNetDenoiser):
    """Implements contract.Denoiser for SD1 checkpoints."""

    family = FAMILY
    pipeline = "StableDiffusionPipeline"
