"""Small autoencoders that show what is being made: of each the decoder alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from foveate_server.families.family import Family, LatentColor
from foveate_server.models.inspect_model import vae_config_beside
from foveate_server.models.recognition.preview_vaes import TinyDecoder, tiny_decoder_of
from foveate_server.models.tensor_headers import damaged, read_header
from foveate_shared.wire.protocol import JsonObject

FACTOR = 8  # image pixels per latent, along one axis
_ALIVE = 4  # pictures full of features that are alive at once at the last level
_PROBE = 8  # latents: side of a flat picture that shows what a channel's colour is
_ENCODER: dict[str, Any] = {"encoder_block_out_channels": (1,) * 4, "num_encoder_blocks": (1,) * 4}  # never run


@dataclass(frozen=True)
class TinyVae:
    """A small autoencoder's decoder, on its device."""

    decoder: nn.Module
    width: int  # channels of its features
    latent_channels: int
    scaling_factor: float
    shift_factor: float
    device: torch.device
    dtype: torch.dtype

    def decode(self, latents: Tensor) -> Tensor:
        """Return the images (b, 3, 8 h, 8 w) float32, about -1..1, of `latents` (b, c, h, w), scaled for the network.

        Raises ValueError where what comes out is no picture.
        """
        unscaled = latents.to(self.device) / self.scaling_factor + self.shift_factor
        image: Tensor = self.decoder(unscaled.to(self.dtype)).float()
        if image.shape[1:] != (3, latents.shape[2] * FACTOR, latents.shape[3] * FACTOR) or not image.isfinite().all():
            raise ValueError("what it makes is no picture")
        return image

    def need(self, pixels: int) -> int:
        """Return the bytes of activations that an image of so many pixels takes."""
        return pixels * self.width * _ALIVE * self.dtype.itemsize

    def closest(self, colors: Sequence[tuple[LatentColor, ...]]) -> tuple[LatentColor, ...]:
        """Return which of `colors`, those of families, agree best with its own: it was made for latents like theirs."""
        own = self._colors().flatten()

        def agreement(some: tuple[LatentColor, ...]) -> float:
            return float(functional.cosine_similarity(own, torch.tensor(some).flatten(), dim=0))

        return max(colors, key=agreement)

    def _colors(self) -> Tensor:
        """Return what each channel adds to red, green and blue in a flat picture, (c, 3)."""
        units = torch.eye(self.latent_channels)[:, :, None, None].expand(-1, -1, _PROBE, _PROBE)
        # In the middle, where the edges of the picture do not reach.
        middle = self.decode(torch.cat([units, -units]))[:, :, 2 * _PROBE : 6 * _PROBE, 2 * _PROBE : 6 * _PROBE]
        plus, minus = middle.mean(dim=(2, 3)).cpu().chunk(2)
        return (plus - minus) / 2


def load(path: Path, device: torch.device) -> TinyVae:
    """Return the decoder in the .safetensors file at `path`, in diffusers' layout or in its authors'.

    Raises InputError where there is none.
    """
    import diffusers  # noqa: PLC0415 - seconds to import

    shapes = {key: tensor.shape for key, tensor in read_header(path).tensors.items()}
    found = tiny_decoder_of(shapes)
    if found is None:
        raise damaged(path.name, "it holds no small decoder")
    autoencoder: Any = diffusers.AutoencoderTiny
    config = vae_config_beside(path)
    with torch.device("meta"):
        decoder = autoencoder(**_options(found, config), **_ENCODER).decoder
    weights = load_file(path)
    # On a processor float16 is slow, and elsewhere it is what these are published in.
    dtype = torch.float16 if device.type == "cuda" else torch.float32
    decoder.load_state_dict({found.renamed[key]: weights[key] for key in found.renamed}, assign=True)
    decoder.eval().requires_grad_(requires_grad=False).to(device, dtype)
    scaling, shift = _number(config, "scaling_factor", 1.0), _number(config, "shift_factor", 0.0)
    return TinyVae(decoder, found.width, found.latent_channels, scaling or 1.0, shift, device, dtype)


def fits(tiny: TinyVae, family: Family, families: Sequence[Family]) -> bool:
    """Tell whether it was made for the latents of `family`, out of `families` whose latents have the same shape."""
    colors = list(dict.fromkeys(other.latent_colors for other in families))
    if tiny.latent_channels != family.latent_channels or family.latent_colors not in colors:
        return False
    return len(colors) == 1 or tiny.closest(colors) == family.latent_colors


def _options(found: TinyDecoder, config: JsonObject) -> dict[str, Any]:
    """Return what diffusers is told of the build; what shapes do not show is as it was configured, else as usual."""
    told = {key: config[key] for key in ("act_fn", "upsample_fn") if isinstance(config.get(key), str)}
    return {
        "latent_channels": found.latent_channels,
        "decoder_block_out_channels": (found.width,) * len(found.blocks),
        "num_decoder_blocks": found.blocks,
        **told,
    }


def _number(config: JsonObject, key: str, usual: float) -> float:
    value = config.get(key)
    return float(value) if isinstance(value, (int, float)) else usual
