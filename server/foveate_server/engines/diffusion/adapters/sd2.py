"""Stable Diffusion 2.x: 768 px with v-prediction, or 512 px without, one OpenCLIP text encoder of width 1024."""

from __future__ import annotations

from foveate_server.engines.diffusion.adapters.unet import UNetDenoiser
from foveate_server.families.sd2 import FAMILY


class SD2(UNetDenoiser):
    """Implements contract.Denoiser for SD2 checkpoints."""

    family = FAMILY
    pipeline = "StableDiffusionPipeline"
