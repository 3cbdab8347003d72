"""The focus area: at which extent a checkpoint sees a crop, and where it may change it. Geometry alone."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor

import numpy as np
import scipy

from foveate_server.engines.diffusion_request import DiffusionFacts
from foveate_server.imaging.resize import Filter, resize
from foveate_server.imaging.samples import FloatArray
from foveate_shared.geometry import Extent, ceil_to_multiple

UNTILED = 1.5  # pixel budgets that a network sees as a whole: beyond, it repeats itself
_LONGEST = 2.5  # native sides: an even longer strip is seen smaller than the budget allows
_SHORTEST = 8  # multiples: less than that leaves no room for the network's own reductions
_GROW_SHARE = 1 / 32  # of the native side: how far the mask reaches beyond the coverage
_LARGEST_CELL = 16  # image pixels: of the latent grid, packed latents included


@dataclass(frozen=True)
class Focus:
    """How a crop is shown to a checkpoint: resized to `shown`, then padded at the right and the bottom to `seen`."""

    crop: Extent  # document pixels, or those of whatever picture is re-rendered
    shown: Extent  # image pixels
    seen: Extent  # image pixels: multiples of what the family wants
    is_tiled: bool  # larger than the network may see at once

    def show(self, image: FloatArray, kernel: Filter = Filter.LANCZOS) -> FloatArray:
        """Return an image of the crop, (height, width[, channels]), as it is seen."""
        shown = resize(image, self.shown, kernel)
        below, beside = self.seen.height - self.shown.height, self.seen.width - self.shown.width
        pads = [(0, below), (0, beside), *[(0, 0)] * (image.ndim - 2)]
        return np.pad(shown, pads, mode="edge")

    def back(self, image: FloatArray) -> FloatArray:
        """Return what was seen at the crop's own extent."""
        return resize(image[: self.shown.height, : self.shown.width], self.crop, Filter.LANCZOS)


def focus_on(crop: Extent, facts: DiffusionFacts) -> Focus:
    """Return how `crop` is shown: enlarged to the full pixel budget, or, where it is larger, as it is.

    A small face gets all of the checkpoint's attention; what is beyond UNTILED budgets is seen in tiles.
    """
    scale = (facts.pixels / crop.area) ** 0.5
    if scale >= 1:
        longest = _LONGEST * facts.native_side / max(crop.width, crop.height)
        scale = max(1.0, min(scale, longest))
        shown = Extent(_floor(crop.width * scale, facts.multiple), _floor(crop.height * scale, facts.multiple))
    else:
        shown = crop
    least = _SHORTEST * facts.multiple
    seen = Extent(
        max(least, ceil_to_multiple(shown.width, facts.multiple)),
        max(least, ceil_to_multiple(shown.height, facts.multiple)),
    )
    return Focus(crop, shown, seen, seen.area > UNTILED * facts.pixels)


def denoise_mask(coverage: FloatArray, focus: Focus, facts: DiffusionFacts) -> FloatArray | None:
    """Return where and how much the checkpoint may change what it sees, (height, width) of `focus.seen`, 0 to 1.

    It is the coverage (of the crop), grown and feathered outwards, so that the composite's own fade lies within what
    was re-rendered; constant within each cell of the latent grid, since an edge off that grid makes seams.
    Soft coverage stays soft. None where everything may change.
    """
    if coverage.min() >= 1:
        return None
    seen = np.clip(focus.show(coverage, Filter.BILINEAR), 0, 1)
    cell = min(facts.multiple, _LARGEST_CELL)
    grow = max(cell, round(facts.native_side * _GROW_SHARE))
    grown = scipy.ndimage.maximum_filter(seen, size=2 * grow + 1, mode="nearest")
    soft = scipy.ndimage.gaussian_filter(grown, grow / 3, mode="nearest", truncate=3.0)
    mask = np.maximum(soft, seen)
    rows, columns = mask.shape[0] // cell, mask.shape[1] // cell
    cells = mask.reshape(rows, cell, columns, cell).max(axis=(1, 3))
    cells[cells < 1 / 512] = 0
    aligned: FloatArray = np.minimum(cells, 1).repeat(cell, axis=0).repeat(cell, axis=1)
    return None if aligned.min() >= 1 else aligned


def _floor(length: float, multiple: int) -> int:
    return max(1, floor(length / multiple + 1e-6)) * multiple
