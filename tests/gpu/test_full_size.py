"""What the tests and figures of a graphics card are made with has the sizes that were published. Needs no card."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from fakes import full_size


def sdxl_unet() -> nn.Module:
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel(**full_size.SDXL_UNET)


def sd15_unet() -> nn.Module:
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel(**full_size.SD15_UNET)


def vae() -> nn.Module:
    from diffusers import AutoencoderKL

    return AutoencoderKL(**full_size.VAE)


@pytest.mark.parametrize(
    ("build", "parameters"),
    [
        (sd15_unet, 859_520_964),
        (sdxl_unet, 2_567_463_684),
        (vae, 83_653_863),
        (lambda: full_size.text_encoder(full_size.CLIP_L), 123_060_480),
        (lambda: full_size.text_encoder(full_size.CLIP_BIG_G, projection=True), 694_659_840),
    ],
    ids=["SD1.5's network", "SDXL's network", "autoencoder", "CLIP L", "OpenCLIP bigG"],
)
def test_parameters(build, parameters: int) -> None:
    with full_size.on(torch.device("meta"), torch.float32):
        assert sum(one.numel() for one in build().parameters()) == parameters
