"""One latent canvas seen through overlapping tiles, whose predictions are fused at every step.

MultiDiffusion (Bar-Tal and others, 2023, arXiv:2302.08113) averages the predictions of overlapping views of one canvas;
Mixture of Diffusers (Jimenez, 2023, arXiv:2302.02412) weights them with Gaussians, and lets views have prompts of their
own. Since the tiles share noise, canvas and steps, they agree with each other long before the picture is finished.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

import torch
from torch import Tensor
from torch.nn import functional

from foveate_server.engines.diffusion.contract import Conditioning, CropPlace, Denoiser, Predict, Step
from foveate_shared.geometry import Bounds, Extent, ceil_to_multiple

WHOLE = 0  # the region that is everywhere where no other one is
_BATCH = 8  # rows that the network sees at once
_LEAST_OVERLAP, _MORE_OVERLAP = 16, 64  # image pixels: at strength 0, and what full strength adds


@dataclass(frozen=True)
class TileView:
    """A tile as one region's prompt sees it."""

    bounds: Bounds  # in latents of the canvas
    region: int = WHOLE  # 0 is the whole canvas's prompt, 1 that of the first region, and so on


# (rows (len(views) * b, c, h, w), their views) -> the predictions for them, of the same shape. The b rows of a view are
# neighbours, one per picture; all views of a call have one extent and one region. A tile control network goes in here.
Ask = Callable[[Tensor, Sequence[TileView]], Tensor]


def default_overlap(strength: float) -> int:
    """Return how far tiles overlap, in image pixels: what changes more needs to agree over a longer way."""
    return round(_LEAST_OVERLAP + _MORE_OVERLAP * strength)


class FusedTiles:
    """The tiles of one canvas with their weights, which sum to one at every place. All lengths are in latents."""

    def __init__(
        self,
        canvas: Extent,
        tile: Extent,
        *,
        overlap: int,
        multiple: int = 1,
        batch: int = _BATCH,
        regions: Sequence[Bounds] = (),
    ) -> None:
        """Lay tiles of `tile` (of the canvas where that is smaller) so that neighbours overlap by `overlap` or more.

        Sides of tiles are multiples of `multiple`, as far as the canvas's are. A place belongs to the last of `regions`
        that covers it, with a soft transition; `batch` bounds the rows that are asked for at once. Raises ValueError
        for a canvas without places.
        """
        if canvas.is_empty or batch < 1 or multiple < 1:
            raise ValueError(f"a canvas of {canvas}, batches of {batch} or multiples of {multiple} cannot be")
        self._canvas = canvas
        self._batch = batch
        across = _Axis.laid(canvas.width, tile.width, overlap, multiple)
        down = _Axis.laid(canvas.height, tile.height, overlap, multiple)
        owners = _owners(canvas, regions, max(1, overlap // 2))
        self._weights: dict[TileView, Tensor] = {}  # (h, w) float32
        for y, row in zip(down.starts, down.weights(), strict=True):
            for x, column in zip(across.starts, across.weights(), strict=True):
                bounds = Bounds(x, y, across.tile, down.tile)
                for region, owner in enumerate(owners):
                    weight = row[:, None] * column[None, :]
                    if owner is not None:
                        share = _cut(owner, bounds)
                        if not share.any():
                            continue
                        weight = weight * share
                    self._weights[TileView(bounds, region)] = weight.to(torch.float32)

    @property
    def views(self) -> tuple[TileView, ...]:
        """Return all views, row by row."""
        return tuple(self._weights)

    def weight(self, view: TileView) -> Tensor:
        """Return what the prediction for `view` counts at each of its places, (h, w) float32 on the CPU."""
        return self._weights[view]

    def predict(self, latents: Tensor, ask: Ask) -> Tensor:
        """Return the fused prediction for `latents` (b, c, height, width), float32 and of that shape.

        Every view is asked for once; what `ask` raises passes through. With a single view it is its prediction, bit
        for bit. Raises ValueError for latents of another extent.
        """
        if (latents.shape[3], latents.shape[2]) != (self._canvas.width, self._canvas.height):
            raise ValueError(f"latents of {tuple(latents.shape)} are not the canvas of {self._canvas}")
        fused = torch.zeros(latents.shape, dtype=torch.float32, device=latents.device)
        for views in self._batches(latents.shape[0]):
            rows = torch.cat([_cut(latents, view.bounds) for view in views])
            predictions = ask(rows, views).to(torch.float32).chunk(len(views))
            for view, prediction in zip(views, predictions, strict=True):
                weight = self._weights[view].to(latents.device)
                _cut(fused, view.bounds).add_(prediction * weight)
        return fused

    def _batches(self, pictures: int) -> list[tuple[TileView, ...]]:
        """Return the views in groups that the network can see at once: `pictures` rows each, of one region."""
        size = max(1, self._batch // pictures)
        batches: list[tuple[TileView, ...]] = []
        for _, group in groupby(sorted(self._weights, key=_region), key=_region):
            views = list(group)
            batches += [tuple(views[start : start + size]) for start in range(0, len(views), size)]
        return batches


def tiled_predict(
    denoiser: Denoiser,
    conditionings: Sequence[Conditioning],
    tiles: FusedTiles,
    *,
    guidance_scale: float,
    beside: Tensor | None = None,
    before: Callable[[], None] = lambda: None,
) -> Predict:
    """Return the loop's predictor over `tiles`: `conditionings[0]` is the whole's, the others those of the regions.

    Each tile is told its place on the picture. `beside` (b, k, height, width) are the channels that an inpainting
    network sees beside the latents of the whole canvas. `before` is called before each pass of the network.
    """
    factor = denoiser.family.factor

    def predict(latents: Tensor, step: Step) -> Tensor:
        pictures, _, height, width = latents.shape
        whole = Extent(width * factor, height * factor)

        def ask(rows: Tensor, views: Sequence[TileView]) -> Tensor:
            places = [CropPlace(whole, view.bounds.scaled(factor)) for view in views for _ in range(pictures)]
            seen = None
            if beside is not None:
                channels = beside.expand(pictures, -1, -1, -1)
                seen = torch.cat([_cut(channels, view.bounds) for view in views])
            conditioning = conditionings[views[0].region]
            before()
            return denoiser.predict(
                rows, step.timestep, conditioning, guidance_scale=guidance_scale, places=places, beside=seen
            )

        return tiles.predict(latents, ask)

    return predict


@dataclass(frozen=True)
class _Axis:
    """Tiles along one axis: as many equal ones as are needed, spread evenly."""

    length: int
    tile: int
    starts: tuple[int, ...]

    @classmethod
    def laid(cls, length: int, tile: int, overlap: int, multiple: int) -> _Axis:
        """Return tiles of `tile` for `length`; edges are on the grid of `multiple` where the length is, too."""
        unit = multiple if length % multiple == 0 else 1
        tile = min(length, max(unit, tile // unit * unit))
        free = (length - tile) // unit  # units that the last tile is away from the first
        if free == 0:
            return cls(length, tile, (0,))
        overlap = min(ceil_to_multiple(max(0, overlap), unit), tile - unit)
        steps = -(-free // ((tile - overlap) // unit))
        return cls(length, tile, tuple(free * step // steps * unit for step in range(steps + 1)))

    def weights(self) -> list[Tensor]:
        """Return what each tile counts at each of its places, float64; they sum to one all along the axis.

        The Gaussian is as wide as the overlap allows: where one tile ends, it counts e^-4 of its neighbour.
        """
        stride = max((after - before for before, after in pairwise(self.starts)), default=0)
        overlap = self.tile - stride
        places = torch.arange(self.tile, dtype=torch.float64) - (self.tile - 1) / 2
        variance = stride * overlap / 8
        bell = torch.exp(-(places**2) / (2 * variance)) if variance > 0 else torch.ones_like(places)
        total = torch.zeros(self.length, dtype=torch.float64)
        for start in self.starts:
            total[start : start + self.tile] += bell
        return [bell / total[start : start + self.tile] for start in self.starts]


def _owners(canvas: Extent, regions: Sequence[Bounds], feather: int) -> list[Tensor | None]:
    """Return how much each place (height, width) is the whole's and each region's, float64; they sum to one.

    Without regions all is the whole's, said by None.
    """
    if not regions:
        return [None]
    owner = torch.zeros(canvas.height, canvas.width, dtype=torch.int64)
    for number, region in enumerate(regions, start=1):
        _cut(owner, region.clamp(canvas)).fill_(number)
    hard = torch.stack([owner == number for number in range(len(regions) + 1)]).to(torch.float64)
    soft = functional.avg_pool2d(hard, 2 * feather + 1, stride=1, padding=feather, count_include_pad=False)
    return list(soft / soft.sum(dim=0))


def _cut(x: Tensor, bounds: Bounds) -> Tensor:
    """Return the part of `x` (..., height, width) in `bounds`, without a copy."""
    return x[..., bounds.y : bounds.bottom, bounds.x : bounds.right]


def _region(view: TileView) -> int:
    return view.region
