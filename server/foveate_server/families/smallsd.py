"""Small Stable Diffusion: 1.x with fewer blocks, distilled; the same latents and text encoder."""

from __future__ import annotations

from dataclasses import replace

from foveate_server.families.sd1 import FAMILY as SD1

FAMILY = replace(
    SD1,
    name="smallsd",
    title="Small Stable Diffusion",
    adapter="foveate_server.engines.diffusion.adapters.smallsd:SmallSD",
    recognizer="foveate_server.models.recognition.smallsd:network_of",
    repository="segmind/small-sd",
)
