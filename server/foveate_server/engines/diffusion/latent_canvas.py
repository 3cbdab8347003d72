"""What the network sees of the picture at each step: all of it, or tiles whose predictions are fused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor

from foveate_server.engines.diffusion.contract import Conditioning, CropPlace, Denoiser, Predict, Step
from foveate_server.engines.diffusion.fused_tiles import FusedTiles, default_overlap, tiled_predict
from foveate_server.engines.diffusion_request import Prompt, Tiling
from foveate_shared.geometry import Bounds, Extent


@dataclass(frozen=True)
class LatentCanvas:
    """A picture and how it is seen. Lengths are in image pixels."""

    picture: Extent
    tile: Extent | None = None  # None: as a whole
    overlap: int = 0
    anchor: float = 0.0
    regions: tuple[tuple[Bounds, Prompt], ...] = ()  # with prompts of their own

    @property
    def seen(self) -> Extent:
        """Return what the network sees at once."""
        return self.picture if self.tile is None else self.tile

    def predict(
        self,
        denoiser: Denoiser,
        conditionings: Sequence[Conditioning],
        *,
        guidance_scale: float,
        beside: Tensor | None,
        batch: int,
        before: Callable[[], None] = lambda: None,
    ) -> tuple[Predict, int]:
        """Return what the loop asks at each step, and by how many passes of the network it is answered per picture.

        `conditionings` are the whole's and those of the regions; `beside` (1, k, h, w) is what an inpainting network
        sees beside the latents; `batch` bounds the rows that it sees at once; `before` is called before each pass.
        """
        factor = denoiser.family.factor
        if self.tile is None:
            whole = _whole(denoiser, conditionings[0], self.picture, guidance_scale, beside, before=before)
            return whole, 1
        tiles = FusedTiles(
            _reduced(self.picture, factor),
            _reduced(self.tile, factor),
            overlap=self.overlap // factor,
            multiple=denoiser.family.multiple // factor,
            batch=batch,
            regions=[_reduced_bounds(bounds, factor) for bounds, _ in self.regions],
        )
        predict = tiled_predict(
            denoiser, conditionings, tiles, guidance_scale=guidance_scale, beside=beside, before=before
        )
        return predict, -(-len(tiles.views) // batch)


def canvas_for(picture: Extent, tiling: Tiling | None, *, native_side: int, strength: float) -> LatentCanvas:
    """Return how `picture` is seen: in tiles only where `tiling` says so and it is larger than one."""
    if tiling is None:
        return LatentCanvas(picture)
    side = tiling.tile or native_side
    tile = Extent(min(side, picture.width), min(side, picture.height))
    regions = tuple((Bounds(*box), prompt) for box, prompt in tiling.prompts)
    overlap = default_overlap(strength) if tiling.overlap is None else tiling.overlap
    if tile == picture and not regions:
        return LatentCanvas(picture, anchor=tiling.anchor)
    return LatentCanvas(picture, tile, overlap, tiling.anchor, regions)


def _whole(
    denoiser: Denoiser,
    conditioning: Conditioning,
    picture: Extent,
    guidance_scale: float,
    beside: Tensor | None,
    *,
    before: Callable[[], None],
) -> Predict:
    place = CropPlace(picture, Bounds(0, 0, picture.width, picture.height))

    def predict(latents: Tensor, step: Step) -> Tensor:
        rows = latents.shape[0]
        before()
        return denoiser.predict(
            latents,
            step.timestep,
            conditioning,
            guidance_scale=guidance_scale,
            places=[place] * rows,
            beside=None if beside is None else beside.expand(rows, -1, -1, -1),
        )

    return predict


def _reduced(extent: Extent, factor: int) -> Extent:
    return Extent(extent.width // factor, extent.height // factor)


def _reduced_bounds(bounds: Bounds, factor: int) -> Bounds:
    """Return the latents that `bounds` touches."""
    x, y = bounds.x // factor, bounds.y // factor
    return Bounds(x, y, -(-bounds.right // factor) - x, -(-bounds.bottom // factor) - y)
