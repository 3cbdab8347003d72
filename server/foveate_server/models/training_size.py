"""How large the pictures were that a checkpoint was trained with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PIXELS_PER_LATENT = 8  # along one axis, in every family
_PLAUSIBLE = range(256, 2049)  # image pixels: what else a configuration may say is no one's training


def trained_side(facts: Mapping[str, Any], usual: int) -> int:
    """Return the side of the square of the training's area, in image pixels, of a checkpoint with inspection's `facts`.

    It is what its own configuration says (SDXL Turbo knows 512 pixels, SDXL 1024), else what is `usual` in its family.
    """
    latents = facts.get("sample_size")
    if not isinstance(latents, int) or isinstance(latents, bool):
        return usual
    side = latents * PIXELS_PER_LATENT
    return side if side in _PLAUSIBLE else usual
