"""Tiny checkpoints with random weights, of the true architectures: few channels and layers, but every part and every
width by which a family is recognised. As folders of diffusers, and as the single files that the community trades."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from fakes.built_once import build_once
from fakes.ldm_keys import original_state
from fakes.tiny_tokenizers import clip_tokenizer, t5_tokenizer

NAMES = ("sd1", "sd1-inpainting", "sd2", "sdxl", "sd3", "flux1", "flux1-fill")
_SD_BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
_SIDE = 32  # latents: of the smallest pictures that a checkpoint may say it was trained with
_STEMS = {"num_attention_heads": 2, "num_hidden_layers": 2, "intermediate_size": 32}


@dataclass(frozen=True)
class TinyCheckpoints:
    """Builds each checkpoint once, in `root`."""

    root: Path
    _built: dict[str, Path] = field(default_factory=dict)

    def folder(self, name: str) -> Path:
        """Return the diffusers folder of the checkpoint `name`, one of NAMES."""
        return self._once(name, lambda path: build_once(f"tiny-{name}", path, lambda new: _save(name, new)))

    def single_file(self, name: str) -> Path:
        """Return the same weights as one .safetensors file, in the keys of the original code."""
        family = name.partition("-")[0]
        return self._once(
            f"{name}.safetensors", lambda path: save_file(original_state(self.folder(name), family), path)
        )

    def config(self, name: str) -> Path:
        """Return the configurations and tokenizers alone, which a single file needs beside it."""
        return self._once(f"{name}-config", lambda path: _copy_config(self.folder(name), path))

    def _once(self, name: str, make: Callable[[Path], None]) -> Path:
        if name not in self._built:
            path = self.root / name
            make(path)
            self._built[name] = path
        return self._built[name]


def _save(name: str, path: Path) -> None:
    rng = torch.random.get_rng_state()
    torch.manual_seed(7)
    try:
        _BUILDERS[name]().to(torch.float16).save_pretrained(path, safe_serialization=True)
    finally:
        torch.random.set_rng_state(rng)


def _copy_config(folder: Path, path: Path) -> None:
    shutil.copytree(folder, path, ignore=shutil.ignore_patterns("*.safetensors"))


def _sd1(unet_channels: int = 4) -> Any:
    return _stable_diffusion(width=768, heads=2, linear=False, unet_channels=unet_channels, prediction="epsilon")


def _sd2() -> Any:
    return _stable_diffusion(width=1024, heads=(2, 2, 4, 4), linear=True, unet_channels=4, prediction="v_prediction")


def _stable_diffusion(*, width: int, heads: Any, linear: bool, unet_channels: int, prediction: str) -> Any:
    from diffusers import PNDMScheduler, StableDiffusionPipeline, UNet2DConditionModel

    tokenizer, vocabulary = clip_tokenizer()
    unet = UNet2DConditionModel(
        sample_size=_SIDE,
        in_channels=unet_channels,
        block_out_channels=(16, 16, 32, 32),
        down_block_types=("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
        up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
        attention_head_dim=heads,
        cross_attention_dim=width,
        use_linear_projection=linear,
        norm_num_groups=8,
        layers_per_block=1,
    )
    return StableDiffusionPipeline(
        vae=_vae(),
        text_encoder=_clip(vocabulary, width=width),
        tokenizer=tokenizer,
        unet=unet,
        scheduler=PNDMScheduler(**_SD_BETAS, skip_prk_steps=True, steps_offset=1, prediction_type=prediction),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def _sdxl() -> Any:
    from diffusers import EulerDiscreteScheduler, StableDiffusionXLPipeline, UNet2DConditionModel

    tokenizer, vocabulary = clip_tokenizer()
    second_tokenizer, _ = clip_tokenizer(pad="!")
    unet = UNet2DConditionModel(
        sample_size=_SIDE,
        block_out_channels=(16, 16, 32),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=(2, 2, 4),
        transformer_layers_per_block=(1, 1, 2),
        cross_attention_dim=2048,
        use_linear_projection=True,
        norm_num_groups=8,
        layers_per_block=1,
        addition_embed_type="text_time",
        addition_time_embed_dim=256,
        projection_class_embeddings_input_dim=2816,
    )
    return StableDiffusionXLPipeline(
        vae=_vae(scaling_factor=0.13025, force_upcast=True),
        text_encoder=_clip(vocabulary, width=768),
        text_encoder_2=_clip(vocabulary, width=1280, projection=1280, act="gelu"),
        tokenizer=tokenizer,
        tokenizer_2=second_tokenizer,
        unet=unet,
        scheduler=EulerDiscreteScheduler(**_SD_BETAS, steps_offset=1, timestep_spacing="leading"),
    )


def _sd3() -> Any:
    from diffusers import FlowMatchEulerDiscreteScheduler, SD3Transformer2DModel, StableDiffusion3Pipeline

    tokenizer, vocabulary = clip_tokenizer()
    second_tokenizer, _ = clip_tokenizer(pad="!")
    third_tokenizer, pieces = t5_tokenizer()
    text_encoder = _clip(vocabulary, width=768, projection=768)
    torch.nn.init.eye_(text_encoder.text_projection.weight)  # in this family it is nothing
    transformer = SD3Transformer2DModel(
        sample_size=_SIDE,
        patch_size=2,
        in_channels=16,
        out_channels=16,
        num_layers=2,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=4096,
        caption_projection_dim=32,
        pooled_projection_dim=2048,
        pos_embed_max_size=192,
    )
    return StableDiffusion3Pipeline(
        transformer=transformer,
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=_vae(latent_channels=16, scaling_factor=1.5305, shift_factor=0.0609, quant=False),
        text_encoder=text_encoder,
        text_encoder_2=_clip(vocabulary, width=1280, projection=1280, act="gelu"),
        text_encoder_3=_t5(pieces),
        tokenizer=tokenizer,
        tokenizer_2=second_tokenizer,
        tokenizer_3=third_tokenizer,
    )


def _flux1(channels: int = 64) -> Any:
    from diffusers import FlowMatchEulerDiscreteScheduler, FluxPipeline, FluxTransformer2DModel

    tokenizer, vocabulary = clip_tokenizer()
    second_tokenizer, pieces = t5_tokenizer()
    transformer = FluxTransformer2DModel(
        patch_size=1,
        in_channels=channels,
        out_channels=64,
        num_layers=2,
        num_single_layers=2,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=4096,
        pooled_projection_dim=768,
        axes_dims_rope=(4, 6, 6),
        guidance_embeds=True,
    )
    return FluxPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0, use_dynamic_shifting=True, base_shift=0.5, max_shift=1.15),
        # This family's network does not say at which side it was trained; its autoencoder does.
        vae=_vae(latent_channels=16, scaling_factor=0.3611, shift_factor=0.1159, quant=False, sample_size=8 * _SIDE),
        text_encoder=_clip(vocabulary, width=768),
        tokenizer=tokenizer,
        text_encoder_2=_t5(pieces),
        tokenizer_2=second_tokenizer,
        transformer=transformer,
    )


def _vae(*, latent_channels: int = 4, scaling_factor: float = 0.18215, quant: bool = True, **options: Any) -> Any:
    from diffusers import AutoencoderKL

    return AutoencoderKL(
        block_out_channels=(8, 8, 16, 16),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
        norm_num_groups=4,
        latent_channels=latent_channels,
        scaling_factor=scaling_factor,
        use_quant_conv=quant,
        use_post_quant_conv=quant,
        **options,
    )


def _clip(vocabulary: int, *, width: int, projection: int | None = None, act: str = "quick_gelu") -> Any:
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    config = CLIPTextConfig(
        **_STEMS,
        hidden_size=width,
        hidden_act=act,
        projection_dim=projection or width,
        vocab_size=vocabulary,
        bos_token_id=vocabulary - 2,
        eos_token_id=vocabulary - 1,
        pad_token_id=vocabulary - 1,
    )
    return CLIPTextModel(config) if projection is None else CLIPTextModelWithProjection(config)


def _t5(vocabulary: int) -> Any:
    from transformers import T5Config, T5EncoderModel

    return T5EncoderModel(
        T5Config(
            vocab_size=vocabulary,
            d_model=4096,
            d_kv=8,
            d_ff=16,
            num_layers=2,
            num_heads=2,
            feed_forward_proj="gated-gelu",
        )
    )


_BUILDERS: dict[str, Callable[[], Any]] = {
    "sd1": _sd1,
    "sd1-inpainting": lambda: _sd1(unet_channels=9),
    "sd2": _sd2,
    "sdxl": _sdxl,
    "sd3": _sd3,
    "flux1": _flux1,
    "flux1-fill": lambda: _flux1(channels=384),
}
