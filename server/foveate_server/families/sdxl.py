"""SDXL: 1024 px, two CLIP text encoders, and a network that is told the sizes of picture and crop."""

from __future__ import annotations

from foveate_server.families.family import Family, FamilyDefaults
from foveate_server.families.sd1 import DMD2, HYPER, LCM, LIGHTNING, TURBO, UNET_SCHEDULERS

FAMILY = Family(
    name="sdxl",
    title="Stable Diffusion XL",
    adapter="foveate_server.engines.diffusion.adapters.sdxl:SDXL",
    native_side=1024,
    multiple=8,
    factor=8,
    latent_channels=4,
    prediction="epsilon",
    defaults=FamilyDefaults(num_inference_steps=25, guidance_scale=6.0, scheduler="dpm++2m-karras", strength=0.5),
    schedulers=UNET_SCHEDULERS,
    latent_colors=(
        (0.392, 0.405, 0.455),
        (-0.263, -0.020, 0.065),
        (0.057, 0.169, -0.076),
        (-0.311, -0.236, -0.208),
    ),
    encoders={
        "text_encoder": ("conditioner.embedders.0.transformer.",),
        "text_encoder_2": ("conditioner.embedders.1.model.", "conditioner.embedders.1.transformer."),
    },
    clip_encoders=("text_encoder", "text_encoder_2"),
    half_vae=False,
    variants={"lcm": LCM, "dmd2": DMD2, "turbo": TURBO, "lightning": LIGHTNING, "hyper": HYPER},
)
