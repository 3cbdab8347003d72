"""Stable Diffusion 2.x: 768 px with v-prediction, or 512 px without, one OpenCLIP text encoder of width 1024."""

from __future__ import annotations

from foveate_server.families.family import Family, FamilyDefaults
from foveate_server.families.sd1 import SD_COLORS, TURBO, UNET_SCHEDULERS

FAMILY = Family(
    name="sd2",
    title="Stable Diffusion 2.x",
    adapter="foveate_server.engines.diffusion.adapters.sd2:SD2",
    native_side=768,
    native_sides={"epsilon": 512},
    multiple=8,
    factor=8,
    latent_channels=4,
    prediction="v",
    defaults=FamilyDefaults(num_inference_steps=25, guidance_scale=7.0, scheduler="dpm++2m-karras", strength=0.5),
    schedulers=UNET_SCHEDULERS,
    latent_colors=SD_COLORS,
    encoders={"text_encoder": ("cond_stage_model.model.", "cond_stage_model.transformer.")},
    clip_encoders=("text_encoder",),
    variants={"turbo": TURBO},
    half="bfloat16",  # attention of the v-predicting ones overflows in float16
)
