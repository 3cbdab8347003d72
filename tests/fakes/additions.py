"""LoRAs, embeddings and VAEs with random weights that fit the tiny checkpoints of each family."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file

State = dict[str, torch.Tensor]
_RANK = 2


@dataclass(frozen=True)
class _Layer:
    """A linear layer that a LoRA changes."""

    path: str  # within the denoising network
    inputs: int
    outputs: int


_ATTENTION = "attentions.0.transformer_blocks.0.attn2.to_v"
_LAYERS: Mapping[str, _Layer] = {
    "sd1": _Layer(f"down_blocks.0.{_ATTENTION}", 768, 16),
    "sd2": _Layer(f"down_blocks.0.{_ATTENTION}", 1024, 16),
    "sdxl": _Layer(f"down_blocks.1.{_ATTENTION}", 2048, 16),
    "sd3": _Layer("transformer_blocks.0.attn.add_v_proj", 32, 32),
    "flux1": _Layer("single_transformer_blocks.0.attn.to_v", 32, 32),
}
_VECTORS: Mapping[str, Mapping[str, int]] = {  # of an embedding: key -> width
    "sd1": {"emb_params": 768},
    "sd2": {"emb_params": 1024},
    "sdxl": {"clip_l": 768, "clip_g": 1280},
}


def diffusers_lora(family: str) -> State:
    """Return a LoRA of one layer, as diffusers writes it."""
    layer = _LAYERS[family]
    component = "transformer" if family in ("sd3", "flux1") else "unet"
    down, up = _matrices(layer)
    prefix = f"{component}.{layer.path}"
    return {f"{prefix}.lora_A.weight": down, f"{prefix}.lora_B.weight": up}


def kohya_lora(family: str) -> State:
    """Return the same LoRA in the names of kohya's scripts; of U-Nets alone."""
    down, up = _matrices(_LAYERS[family])
    prefix = "lora_unet_" + _LAYERS[family].path.replace(".", "_")
    return {
        f"{prefix}.lora_down.weight": down,
        f"{prefix}.lora_up.weight": up,
        f"{prefix}.alpha": torch.tensor(float(_RANK)),
    }


def embedding(family: str) -> State:
    """Return a word of two vectors; of families that know embeddings."""
    source = torch.Generator().manual_seed(5)
    return {key: torch.randn(2, width, generator=source) for key, width in _VECTORS[family].items()}


def write(path: Path, state: State) -> Path:
    """Write a state as a .safetensors file and return its path."""
    save_file(state, path)
    return path


def _matrices(layer: _Layer) -> tuple[torch.Tensor, torch.Tensor]:
    source = torch.Generator().manual_seed(3)
    down = 4 * torch.randn(_RANK, layer.inputs, generator=source) / layer.inputs**0.5
    return down, torch.randn(layer.outputs, _RANK, generator=source)
