"""Checkpoints to measure with: random weights in the published configurations, built on the spot.

`sd15` and `sdxl` have the sizes of Stable Diffusion 1.5 and SDXL 1.0 (configurations as published with the weights);
`sd15-middle` is the first with half of its network's channels, for 384 x 384 pixels: enough for a processor.
`tiny` and `tiny-xl` are the tests' checkpoints, for machines without a GPU and for trying the benchmarks themselves.
Only the tokenizers are the tests' in all of them: what a text says does not matter to random weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from fakes.checkpoints import TinyCheckpoints
from fakes.tiny_tokenizers import clip_tokenizer
from foveate_server.engines.diffusion.library import Addition, Checkpoint, Files
from foveate_shared.errors import InputError
from foveate_shared.wire.protocol import JsonObject

_BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1}
SD15_UNET: dict[str, Any] = {
    "sample_size": 64,
    "block_out_channels": (320, 640, 1280, 1280),
    "down_block_types": ("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
    "up_block_types": ("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
    "cross_attention_dim": 768,
    "attention_head_dim": 8,
}
MIDDLE_UNET = {**SD15_UNET, "sample_size": 48, "block_out_channels": (160, 320, 640, 640)}
SDXL_UNET: dict[str, Any] = {
    "sample_size": 128,
    "block_out_channels": (320, 640, 1280),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "transformer_layers_per_block": (1, 2, 10),
    "attention_head_dim": (5, 10, 20),
    "cross_attention_dim": 2048,
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 2816,
}
VAE: dict[str, Any] = {
    "block_out_channels": (128, 256, 512, 512),
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "layers_per_block": 2,
    "latent_channels": 4,
}
CLIP_L = {
    "hidden_size": 768, "intermediate_size": 3072, "num_attention_heads": 12, "num_hidden_layers": 12,
    "projection_dim": 768,
}  # fmt: skip
CLIP_BIG_G = {
    "hidden_size": 1280, "intermediate_size": 5120, "num_attention_heads": 20, "num_hidden_layers": 32,
    "projection_dim": 1280, "hidden_act": "gelu",
}  # fmt: skip
_VOCABULARY = 49408
_FAMILIES = {"sd15": "sd1", "sd15-middle": "sd1", "sdxl": "sdxl", "tiny": "sd1", "tiny-xl": "sdxl"}


@dataclass(frozen=True)
class Checkpoints:
    """Builds each checkpoint once, as a folder of diffusers; also a library for the engine."""

    root: Path
    device: torch.device
    sides: Mapping[str, int] = field(default_factory=dict)  # image pixels that one says it was trained at, by its name

    def folder(self, name: str) -> Path:
        """Return the folder of `name`, a key of _FAMILIES; weights are float16."""
        path = self.root / name
        if not (path / "model_index.json").exists():
            if name.startswith("tiny"):
                path.parent.mkdir(parents=True, exist_ok=True)
                TinyCheckpoints(self.root / "tiny-parts").root.mkdir(exist_ok=True)
                TinyCheckpoints(self.root / "tiny-parts").folder(_FAMILIES[name]).rename(path)
            else:
                build = {"sd15": _sd15, "sd15-middle": lambda: _sd15(MIDDLE_UNET), "sdxl": _sdxl}[name]
                with on(self.device, torch.float32):
                    pipe = build()
                pipe.to(torch.float16).save_pretrained(path, safe_serialization=True)
        return path

    def checkpoint(self, name: str | None) -> Checkpoint:
        """See library.Library."""
        name = name or "tiny"
        facts: JsonObject = {"sample_size": self.sides[name] // 8} if name in self.sides else {}
        size = sum(file.stat().st_size for file in self.folder(name).rglob("*.safetensors"))
        return Checkpoint(name, f"random {name}", _FAMILIES[name], size, facts)

    def files(self, name: str, progress: object) -> Files:
        """See library.Library."""
        return Files(self.folder(name))

    def addition(self, name: str, kind: str, progress: object) -> Addition:
        """See library.Library: there are none."""
        raise InputError(f"There is no {kind} called {name}.")

    def previews(self, family: str) -> list[str]:
        """See library.Library: there are none."""
        return []


@contextmanager
def on(device: torch.device, dtype: torch.dtype) -> Iterator[None]:
    """Make networks right on `device` and in `dtype`, the same ones each time."""
    before = torch.get_default_dtype()
    torch.manual_seed(0)
    torch.set_default_dtype(dtype)
    try:
        with torch.device(device):
            yield
    finally:
        torch.set_default_dtype(before)


def autoencoder(device: torch.device, dtype: torch.dtype, **config: Any) -> Any:
    """Return the autoencoder of SD1 and SDXL, at full size unless `config` says otherwise."""
    from diffusers import AutoencoderKL

    with on(device, dtype):
        return AutoencoderKL(**{**VAE, **config}).eval().requires_grad_(requires_grad=False)


def _sd15(unet: Mapping[str, Any] = SD15_UNET) -> Any:
    from diffusers import AutoencoderKL, StableDiffusionPipeline, UNet2DConditionModel

    return StableDiffusionPipeline(
        vae=AutoencoderKL(**VAE, sample_size=512, scaling_factor=0.18215),
        text_encoder=text_encoder(CLIP_L),
        tokenizer=clip_tokenizer()[0],
        unet=UNet2DConditionModel(**unet),
        scheduler=_euler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def _sdxl() -> Any:
    from diffusers import AutoencoderKL, StableDiffusionXLPipeline, UNet2DConditionModel

    return StableDiffusionXLPipeline(
        vae=AutoencoderKL(**VAE, sample_size=1024, scaling_factor=0.13025, force_upcast=True),
        text_encoder=text_encoder(CLIP_L),
        text_encoder_2=text_encoder(CLIP_BIG_G, projection=True),
        tokenizer=clip_tokenizer()[0],
        tokenizer_2=clip_tokenizer(pad="!")[0],
        unet=UNet2DConditionModel(**SDXL_UNET),
        scheduler=_euler(),
    )


def _euler() -> Any:
    from diffusers import EulerDiscreteScheduler

    with torch.device("cpu"):  # a scheduler counts with numpy
        return EulerDiscreteScheduler(**_BETAS)


def text_encoder(config: dict[str, Any], *, projection: bool = False) -> Any:
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    _, known = clip_tokenizer()
    special = {"bos_token_id": known - 2, "eos_token_id": known - 1, "pad_token_id": known - 1}
    kind: Callable[..., Any] = CLIPTextModelWithProjection if projection else CLIPTextModel
    return kind(CLIPTextConfig(vocab_size=_VOCABULARY, **config, **special))
