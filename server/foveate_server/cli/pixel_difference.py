"""How far two pictures are apart, and how far a recipe's result may be when another device makes it again.

Differences are in levels of 8 bit: of the samples as they are, or of linear float samples as sRGB would encode them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from foveate_server.picture_files.picture import Picture
from foveate_shared.wire.protocol import JsonObject

ROWS = 256  # compared at a time: memory does not grow with the picture


@dataclass(frozen=True)
class Difference:
    """Over all samples."""

    largest: float
    mean: float

    def within(self, bound: Difference) -> bool:
        """Tell whether neither is larger than the bound's."""
        return self.largest <= bound.largest and self.mean <= bound.mean

    def __str__(self) -> str:
        return f"{self.largest:.2g} at most and {self.mean:.2g} on average"


# Kernels add in another order on every device. A network in 16-bit floats is up to 6.6 levels from the same in 32 bits,
# so two of them seldom differ by more than 8; in 32 bits, rounding at the end alone can make one level.
ROUGH, EXACT = Difference(8, 0.5), Difference(1, 0.1)


def bound_for(recipe: JsonObject) -> Difference:
    """Return how far another device's result may be from that of the server's recipe."""
    parameters = recipe.get("parameters")
    pinned = parameters.get("pinned") if isinstance(parameters, dict) else None
    dtype = pinned.get("dtype") if isinstance(pinned, dict) else None
    return ROUGH if dtype in ("bfloat16", "float16") else EXACT


def difference(one: Picture, other: Picture) -> Difference | None:
    """Return how far the pictures are apart; None where they differ in extent, channels or type of samples."""
    if one.samples.shape != other.samples.shape or one.samples.dtype != other.samples.dtype:
        return None
    linear = one.icc is None
    largest = total = 0.0
    for begin in range(0, len(one.samples), ROWS):
        rows = slice(begin, begin + ROWS)
        apart = np.abs(_levels(one.samples[rows], linear=linear) - _levels(other.samples[rows], linear=linear))
        largest = max(largest, float(apart.max()))
        total += float(apart.sum())
    return Difference(largest, total / one.samples.size)


def _levels(samples: NDArray[Any], *, linear: bool) -> NDArray[np.float64]:
    if np.issubdtype(samples.dtype, np.integer):
        return samples * (255.0 / np.iinfo(samples.dtype).max)
    values = samples.astype(np.float64)
    if linear:
        size = np.abs(values)
        values = np.sign(values) * np.where(size <= 0.0031308, 12.92 * size, 1.055 * size ** (1 / 2.4) - 0.055)
    return values * 255.0
