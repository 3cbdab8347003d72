"""The grid that reductions lie on: parts whose edges are on it see the very samples that the whole would see."""

from __future__ import annotations

from math import ceil

from foveate_shared.geometry import Bounds, Extent, ceil_to_multiple

QUARTERS = 4
_NETWORK_HALO = 64  # of what the network sees: beyond it, x4plus errs by less than one level of 8 bits (measured)
_KERNEL_CELLS = 2  # of the grid, likewise: what resampling down and up again reaches


def snap(reduction: float) -> int:
    """Return a reduction in quarters, at least 4 (no reduction)."""
    return max(QUARTERS, round(reduction * QUARTERS))


def halo(quarters: int) -> int:
    """Return how many document pixels around a part its restoration depends on; a multiple of the grid."""
    return ceil_to_multiple(ceil((_NETWORK_HALO + _KERNEL_CELLS * QUARTERS) * quarters / QUARTERS), quarters)


def on_grid(part: Bounds, quarters: int, document: Extent) -> Bounds:
    """Return `part` grown to edges on the grid, as far as the document reaches."""
    left, top = part.x // quarters * quarters, part.y // quarters * quarters
    right, bottom = ceil_to_multiple(part.right, quarters), ceil_to_multiple(part.bottom, quarters)
    return Bounds.from_edges(left, top, right, bottom).clamp(document)
