"""What a checkpoint begins with where it makes new content."""

from __future__ import annotations

from typing import Literal

import numpy as np
import scipy

from foveate_server.imaging import pushpull
from foveate_server.imaging.samples import FloatArray
from foveate_server.operations.parameters.checkpoint_parameters import for_checkpoints
from foveate_shared.wire.schema_words import BASIC

_GROW = 4  # document pixels around the selection that the fill does not trust: an object's own soft edge
_NOISE = 0.25  # standard deviation around the surroundings' mean, of a start from noise
Start = Literal["fill", "original", "noise"]


def start_parameter() -> Start:
    """Return the parameter `start`."""
    start: Start = for_checkpoints(
        "Start from",
        "What the selection holds at the start: a fill from its surroundings, what is there, or noise.",
        default="fill",
        level=BASIC,
        titles={"fill": "Surroundings", "original": "What is there", "noise": "Noise"},
    )
    return start


def start_image(working: FloatArray, coverage: FloatArray, start: Start, seed: int) -> FloatArray:
    """Return what the checkpoint begins with, (height, width, 3): `working` with `coverage` (0..1) prepared.

    Light beyond 0..1 stays outside of the coverage alone: new content has none of the old lamps.
    """
    if start == "original" or not coverage.any():
        return working
    grown = scipy.ndimage.maximum_filter(coverage, size=2 * _GROW + 1, mode="nearest")
    known = 1 - grown
    if start == "noise":
        seen = known > 0
        mean = working[seen].mean(axis=0) if seen.any() else np.full(3, 0.5)
        noise = np.random.default_rng(seed).standard_normal(working.shape) * _NOISE
        new = np.clip(mean + noise, 0, 1).astype(np.float32)
    else:
        new = np.clip(pushpull.fill(working, known), 0, 1)
    prepared: FloatArray = (working + grown[..., np.newaxis] * (new - working)).astype(np.float32)
    return prepared
