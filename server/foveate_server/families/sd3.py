"""Stable Diffusion 3 and 3.5: flow matching with a transformer, two CLIP text encoders and, where present, T5."""

from __future__ import annotations

from foveate_server.families.family import FILLS, REPAINTS, Family, FamilyDefaults, FewStep

FAMILY = Family(
    name="sd3",
    title="Stable Diffusion 3",
    adapter="foveate_server.engines.diffusion.adapters.sd3:SD3",
    native_side=1024,
    multiple=16,
    factor=8,
    latent_channels=16,
    prediction="flow",
    defaults=FamilyDefaults(num_inference_steps=28, guidance_scale=4.5, scheduler="flow-euler", strength=0.6),
    schedulers=("flow-euler",),
    latent_colors=(
        (-0.092, -0.018, 0.075), (0.031, 0.063, 0.095), (0.199, 0.093, 0.046), (0.086, 0.034, 0.090),
        (0.059, 0.027, -0.050), (-0.001, 0.110, 0.031), (0.098, 0.031, 0.043), (-0.004, 0.104, 0.136),
        (-0.019, 0.002, 0.067), (-0.049, 0.013, -0.027), (0.092, 0.099, 0.095), (-0.028, 0.052, -0.054),
        (0.033, 0.046, 0.090), (-0.007, -0.003, -0.081), (-0.060, -0.047, -0.029), (-0.145, -0.146, -0.119),
    ),
    encoders={
        "text_encoder": ("text_encoders.clip_l.transformer.",),
        "text_encoder_2": ("text_encoders.clip_g.transformer.",),
        "text_encoder_3": ("text_encoders.t5xxl.transformer.",),
    },
    clip_encoders=("text_encoder", "text_encoder_2"),
    optional=("text_encoder_3",),  # it also works without T5
    latent_bias=(0.239, 0.214, 0.193),
    half="bfloat16",
    embeddings=False,  # T5, which reads the text, has none
    variants={"turbo": FewStep(FamilyDefaults(4, 1.0, "flow-euler", 0.6))},
    capabilities=frozenset({REPAINTS, FILLS}),
    network="transformer",
)  # fmt: skip
