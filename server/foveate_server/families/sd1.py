"""Stable Diffusion 1.x: 512 px, one CLIP text encoder of width 768."""

from __future__ import annotations

from foveate_server.families.family import Family, FamilyDefaults, FewStep

UNET_SCHEDULERS = ("euler", "euler-ancestral", "dpm++2m", "dpm++2m-karras", "ddim", "lcm")
SD_COLORS = ((0.298, 0.207, 0.208), (0.187, 0.286, 0.173), (-0.158, 0.189, 0.264), (-0.184, -0.271, -0.473))

# Distilled networks were taught the noise levels at the end of each interval, not those at its beginning.
_TRAILING = {"timestep_spacing": "trailing"}
LCM = FewStep(FamilyDefaults(num_inference_steps=6, guidance_scale=1.5, scheduler="lcm", strength=0.5))
DMD2 = FewStep(FamilyDefaults(4, 1.0, "lcm", 0.5))
TURBO = FewStep(FamilyDefaults(4, 1.0, "euler-ancestral", 0.5), _TRAILING)
LIGHTNING = FewStep(FamilyDefaults(4, 1.0, "euler", 0.5), _TRAILING)
HYPER = FewStep(FamilyDefaults(8, 1.0, "ddim", 0.5), _TRAILING)

FAMILY = Family(
    name="sd1",
    title="Stable Diffusion 1.x",
    adapter="foveate_server.engines.diffusion.adapters.sd1:SD1",
    native_side=512,
    multiple=8,
    factor=8,
    latent_channels=4,
    prediction="epsilon",
    defaults=FamilyDefaults(num_inference_steps=25, guidance_scale=7.0, scheduler="dpm++2m-karras", strength=0.5),
    schedulers=UNET_SCHEDULERS,
    latent_colors=SD_COLORS,
    encoders={"text_encoder": ("cond_stage_model.transformer.",)},
    clip_encoders=("text_encoder",),
    variants={"lcm": LCM, "dmd2": DMD2, "turbo": TURBO, "lightning": LIGHTNING, "hyper": HYPER},
)
