"""FLUX.1: flow matching with a transformer that takes guidance as an input, CLIP for the gist and T5 for the text."""

from __future__ import annotations

from foveate_server.families.family import FILLS, REPAINTS, Family, FamilyDefaults, FewStep

FAMILY = Family(
    name="flux1",
    title="FLUX.1",
    adapter="foveate_server.engines.diffusion.adapters.flux1:FLUX1",
    native_side=1024,
    multiple=16,
    factor=8,
    latent_channels=16,
    prediction="flow",
    defaults=FamilyDefaults(num_inference_steps=28, guidance_scale=3.5, scheduler="flow-euler", strength=0.6),
    schedulers=("flow-euler",),
    latent_colors=(
        (-0.035, 0.024, 0.068), (0.003, 0.021, 0.069), (0.028, -0.067, -0.043), (-0.017, 0.016, 0.062),
        (0.086, 0.072, 0.033), (0.000, 0.038, 0.012), (0.041, 0.086, 0.092), (-0.024, -0.019, -0.026),
        (-0.025, 0.025, 0.118), (0.101, 0.076, -0.042), (-0.052, 0.020, 0.001), (0.043, -0.001, -0.004),
        (0.082, 0.077, 0.075), (-0.126, -0.052, -0.110), (-0.028, -0.088, -0.050), (-0.126, -0.098, -0.078),
    ),
    encoders={
        "text_encoder": ("text_encoders.clip_l.transformer.",),
        "text_encoder_2": ("text_encoders.t5xxl.transformer.",),
    },
    clip_encoders=("text_encoder",),
    latent_bias=(-0.033, -0.072, -0.085),
    half="bfloat16",
    embeddings=False,  # T5, which reads the text, has none
    uniform_sigmas=True,
    inpainting=FamilyDefaults(num_inference_steps=28, guidance_scale=30.0, scheduler="flow-euler", strength=1.0),
    variants={
        "schnell": FewStep(FamilyDefaults(4, 1.0, "flow-euler", 0.6)),
        "turbo": FewStep(FamilyDefaults(8, 3.5, "flow-euler", 0.6)),  # these two as LoRAs, for the dev model
        "hyper": FewStep(FamilyDefaults(8, 3.5, "flow-euler", 0.6)),
    },
    capabilities=frozenset({REPAINTS, FILLS}),
    network="transformer",
)  # fmt: skip
