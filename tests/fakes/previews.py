"""Small autoencoders for previews, of the true architecture: with random weights, and with known colours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

_BLOCKS = (1, 1, 1, 1)
_SHRUNK = 4096.0  # so small that the limit in front of a decoder leaves the latents as they are


def random_vae(latent_channels: int = 4) -> Any:
    """Return diffusers' autoencoder of a small width, its weights random."""
    with torch.random.fork_rng():
        torch.manual_seed(11)
        return _built(latent_channels, 8)


def faithful_vae(colors: Sequence[Sequence[float]], bias: Sequence[float] = (0.0, 0.0, 0.0)) -> Any:
    """Return one that paints each latent's place in just the colour that `colors` give it."""
    channels = len(colors)
    vae = _built(channels, 2 * channels, scaling_factor=_SHRUNK)
    with torch.no_grad():
        for weights in vae.decoder.parameters():
            weights.zero_()
        first, *middle, last = (layer for layer in vae.decoder.layers if isinstance(layer, torch.nn.Conv2d))
        identity = torch.eye(channels)
        first.weight[:, :, 1, 1] = torch.cat([identity, -identity])
        for layer in middle:
            layer.weight[:, :, 1, 1] = torch.eye(2 * channels)
        table = torch.tensor(colors).T * _SHRUNK / 2
        last.weight[:, :, 1, 1] = torch.cat([table, -table], dim=1)
        last.bias[:] = (torch.tensor(bias) + 1) / 2
    return vae


def save_as_authors(vae: Any, path: Path) -> Path:
    """Write the decoder alone, in the keys of its authors."""
    state = {}
    for key, value in vae.decoder.state_dict().items():
        number, _, rest = key.removeprefix("layers.").partition(".")
        state[f"{int(number) + 1}.{rest}"] = value.contiguous()
    save_file(state, path)
    return path


def _built(latent_channels: int, width: int, **options: Any) -> Any:
    from diffusers import AutoencoderTiny

    widths = (width,) * 4
    return AutoencoderTiny(
        latent_channels=latent_channels,
        encoder_block_out_channels=widths,
        decoder_block_out_channels=widths,
        num_encoder_blocks=_BLOCKS,
        num_decoder_blocks=_BLOCKS,
        **options,
    ).eval()
