"""What a checkpoint needs of memory, found from its configurations and tensor headers before anything is loaded.

The counts follow the networks of diffusers: which activations are alive at the same time where the most are. They are
tested against peaks measured on random networks. Knows nothing of torch.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import Any

from foveate_shared.geometry import Extent

Config = Mapping[str, Any]  # a network's config.json, as diffusers writes it
_HEADER_LENGTH = 8  # bytes: a safetensors file begins with the length of its header, little-endian
_MAX_HEADER = 100_000_000  # bytes, as the format says
_FEED_FORWARD = 21  # values per token and channel at once: the gated feed-forward of a UNet's transformer
_RESIDUAL = 3  # values per pixel and input channel at once: a residual block before its first convolution
_RELAID = 2  # more of them where a kernel lays out anew what goes into a convolution and comes out of it
_JOINT = 11.5  # values per token and channel at once: a block of SD3's transformer
_SINGLE = 16.5  # likewise of FLUX.1's, whose later blocks do attention and feed-forward side by side
_JOINT_TOKENS, _SINGLE_TOKENS = 333, 512  # that they see beside the picture: the prompt
_MIDDLE = 7  # values per latent and channel at once: attention in the middle of an autoencoder
_TILE_HALO = 10  # pixels of a level around a tile of the exact codec, at most
_SCORES = 2  # copies of the attention's scores where a kernel holds them: before the softmax and after


def parameters(path: Path) -> int:
    """Return the number of parameters in a .safetensors file, from its header alone.

    Raises ValueError for a file that is none, OSError for one that cannot be read.
    """
    with path.open("rb") as file:
        length = int.from_bytes(file.read(_HEADER_LENGTH), "little")
        if not 2 <= length <= _MAX_HEADER:
            raise ValueError(f"{path.name} is no .safetensors file")
        header = json.loads(file.read(length))
    if not isinstance(header, dict):
        raise ValueError(f"{path.name} is no .safetensors file")  # noqa: TRY004 - the file is at fault
    return sum(prod(entry["shape"]) for name, entry in header.items() if name != "__metadata__")


@dataclass(frozen=True)
class Footprint:
    """The parts of a checkpoint: their weights in bytes as they are loaded, and how their activations grow."""

    title: str  # of the family, for a person: "SDXL"
    network: Config
    vae: Config
    network_weights: int  # bytes
    vae_weights: int  # bytes
    text_weights: int  # bytes, of all text encoders
    network_itemsize: int = 2  # bytes per value
    vae_itemsize: int = 4  # bytes per value

    def with_vae(self, itemsize: int) -> Footprint:
        """Return it for an autoencoder that computes with values of `itemsize` bytes."""
        return replace(self, vae_weights=self.vae_weights * itemsize // self.vae_itemsize, vae_itemsize=itemsize)

    @property
    def weights(self) -> int:
        """Return the bytes of all parts together."""
        return self.network_weights + self.vae_weights + self.text_weights

    def denoising(self, latents: Extent, rows: int, *, scores: int = 0, relaid: bool = False) -> int:
        """Return the bytes of activations when the network sees `rows` of `latents` at once.

        `scores` is the number of heads whose attention scores a kernel holds at once: 0 where it holds none. `relaid`
        tells whether convolutions copy what they see into the layout of their kernels, as cuDNN does.
        """
        if "block_out_channels" in self.network:
            values = _unet_values(self.network, latents, relaid=relaid)
            values += scores * _SCORES * _unet_tokens(self.network, latents) ** 2
        else:
            tokens = _tokens(self.network, latents)
            each = _SINGLE if _is_single(self.network) else _JOINT
            values = round(each * tokens * _width(self.network)) + scores * _SCORES * tokens**2
        return rows * values * self.network_itemsize

    def heads(self) -> int:
        """Return the heads of the attention that sees the most tokens."""
        if "block_out_channels" not in self.network:
            return int(self.network["num_attention_heads"])
        heads = self.network.get("num_attention_heads") or self.network["attention_head_dim"]
        return int(heads if isinstance(heads, int) else heads[_attending(self.network)])

    def decoding(self, latents: Extent, tile: int | None, *, stored: bool = True, relaid: bool = False) -> int:
        """Return the bytes of activations when the exact codec decodes or encodes one picture of `latents`.

        `tile` is that of `vae.ExactTiles`, None for the picture as a whole; `stored` tells whether what goes from
        level to level stays on the device; for `relaid` see :meth:`denoising`.
        """
        at_once = _RESIDUAL + _RELAID * relaid
        widths = [int(width) for width in self.vae["block_out_channels"]]
        peak = _MIDDLE * widths[-1] * latents.area * self.vae_itemsize
        coming = widths[-1] * latents.area
        for index in range(len(widths)):
            level = latents.scaled(2**index)
            position = len(widths) - 1 - index
            widest = widths[min(position + 1, len(widths) - 1)]
            seen = level.area
            if tile is not None:
                side = round(tile * (widths[min(1, len(widths) - 1)] / widest) ** 0.5) + 2 * _TILE_HALO
                seen = min(level.width, side) * min(level.height, side)
            is_cut = seen < level.area
            going = 3 if position == 0 else widths[position]
            kept = coming if stored or not is_cut else 0
            if stored and is_cut:
                kept += going * level.area
            peak = max(peak, (at_once * widest * seen + kept) * self.vae_itemsize)
            coming = going * level.area
        return int(peak + 3 * latents.scaled(2 ** (len(widths) - 1)).area * 4)


def _unet_values(config: Config, latents: Extent, *, relaid: bool) -> int:
    """Return the most values that are alive at once for one row: skips, and the block under way up the levels."""
    widths = [int(width) for width in config["block_out_channels"]]
    layers = int(config["layers_per_block"])
    areas = [-(-latents.width // 2**level) * -(-latents.height // 2**level) for level in range(len(widths))]
    skips, peak = widths[0] * areas[0], 0
    for level, width in enumerate(widths):
        skips += layers * width * areas[level]
        above = widths[min(level + 1, len(widths) - 1)]
        block = (_RESIDUAL + _RELAID * relaid) * (width + above)
        if "CrossAttn" in config["down_block_types"][level] or level == len(widths) - 1:
            block = max(block, _FEED_FORWARD * width)
        peak = max(peak, skips + (block + above) * areas[level])
        if level + 1 < len(widths):
            skips += width * areas[level + 1]
    return peak


def _attending(config: Config) -> int:
    """Return the level of a UNet whose attention sees the most tokens."""
    kinds = list(config["down_block_types"])
    return next((level for level, kind in enumerate(kinds) if "CrossAttn" in kind), len(kinds) - 1)


def _unet_tokens(config: Config, latents: Extent) -> int:
    level = _attending(config)
    return int(-(-latents.width // 2**level) * -(-latents.height // 2**level))


def _tokens(config: Config, latents: Extent) -> int:
    """Return what a transformer sees: SD3 and FLUX.1 alike see 2 x 2 latents as one token."""
    prompt = _SINGLE_TOKENS if _is_single(config) else _JOINT_TOKENS
    return -(-latents.width // 2) * -(-latents.height // 2) + prompt


def _is_single(config: Config) -> bool:
    """Tell FLUX.1's transformer from SD3's."""
    return "num_single_layers" in config


def _width(config: Config) -> int:
    return int(config["num_attention_heads"]) * int(config["attention_head_dim"])
