"""Runs a network over an image of any size in bounded memory.

What must hold for every executor: at the image's true borders a network sees what it would see untiled (its own
padding), elsewhere the true neighbourhood as far as the stage's halo says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from foveate_server.engines.layer_hooks import Meter, watched
from foveate_server.engines.restoration.network import Network, Stage
from foveate_server.engines.values import Image, Strip
from foveate_shared.geometry import Bounds, Extent, ceil_to_multiple, tiles


class TileExecutor(Protocol):
    """A way to run a network on an image that is larger than what fits at once."""

    def run(
        self, network: Network, image: Image, strip: Strip, *, device: torch.device, tile: int, meter: Meter
    ) -> Image:
        """Return the network's result for what is wanted, (height * scale, width * scale, 3).

        Tiles are of at most `tile` px. Raises what the meter raises, and torch's errors when memory runs out.
        """


class HaloTiles:
    """Tiles with a halo: each is run with its neighbourhood, of which the result is cut off again."""

    def run(
        self, network: Network, image: Image, strip: Strip, *, device: torch.device, tile: int, meter: Meter
    ) -> Image:
        """See :class:`TileExecutor`. Exact as far as the halos are; all tiles are nearly equal in size."""
        wanted = strip.wanted
        result = np.empty((wanted.height * network.scale, wanted.width * network.scale, 3), np.float32)
        cores = tiles(wanted, Extent(tile, tile))
        with torch.inference_mode(), watched(network.module, meter.begin_layer):
            for index, core in enumerate(cores):
                job = _Core(network, image, device, meter, core, index, len(cores))
                target = core.relative_to(wanted).scaled(network.scale)
                result[target.y : target.bottom, target.x : target.right] = job.run()
        return result


@dataclass(frozen=True)
class _Core:
    """One tile of the image on its way through all stages. All bounds are in input pixels of the image."""

    network: Network
    image: Image
    device: torch.device
    meter: Meter
    core: Bounds
    index: int  # of this tile, of `count`
    count: int

    @property
    def extent(self) -> Extent:
        """Return that of the image."""
        return Extent(self.image.shape[1], self.image.shape[0])

    def run(self) -> Image:
        """Return the result for the core, (height * scale, width * scale, 3)."""
        stages = self.network.stages
        held = self._around(self.core, self.network.halo, self.network.fit.multiple)
        x = self._to_device(held)
        done = 0.0
        for position, stage in enumerate(stages):
            wanted = self._around(self.core, sum(later.halo for later in stages[position + 1 :]), 1)
            x = self._run_stage(stage, x, held, wanted, done)
            held, done = wanted, done + stage.share
        image: Image = x[0].permute(1, 2, 0).cpu().numpy()
        return image

    def _run_stage(self, stage: Stage, x: Tensor, held: Bounds, wanted: Bounds, done: float) -> Tensor:
        """Return what `stage` makes of `x`, which covers `held`, for `wanted`: in one go, or in tiles of its own."""
        side = stage.tile or max(wanted.width, wanted.height)
        pieces = tiles(wanted, Extent(side, side))
        result: Tensor | None = None
        for index, piece in enumerate(pieces):
            share = stage.share / len(pieces)
            self._begin(stage, done + index * share, share)
            seen = self._around(piece, stage.halo, self.network.fit.multiple).intersect(held)
            part = _cut(stage.run(_cut(x, seen.relative_to(held))), piece.relative_to(seen).scaled(stage.scale))
            if len(pieces) == 1:
                return part
            if result is None:
                shape = (1, part.shape[1], wanted.height * stage.scale, wanted.width * stage.scale)
                result = torch.empty(shape, dtype=part.dtype, device=part.device)
            _cut(result, piece.relative_to(wanted).scaled(stage.scale)).copy_(part)
        assert result is not None  # noqa: S101 - bounds are never empty, so there was a piece
        return result

    def _around(self, bounds: Bounds, halo: int, multiple: int) -> Bounds:
        """Return `bounds` with its halo, as far as the image reaches, from edges that are multiples of `multiple`.

        Networks with windows must see the windows of the whole image, so a tile begins where one of those does.
        """
        padded = bounds.pad(halo).clamp(self.extent)
        left, top = padded.x // multiple * multiple, padded.y // multiple * multiple
        right, bottom = ceil_to_multiple(padded.right, multiple), ceil_to_multiple(padded.bottom, multiple)
        return Bounds.from_edges(left, top, right, bottom).clamp(self.extent)

    def _to_device(self, bounds: Bounds) -> Tensor:
        """Return the image's pixels in `bounds` as (1, 3, h, w), channels last in memory."""
        pixels = np.ascontiguousarray(self.image[bounds.y : bounds.bottom, bounds.x : bounds.right])
        return torch.from_numpy(pixels).to(self.device).permute(2, 0, 1)[None]

    def _begin(self, stage: Stage, done: float, share: float) -> None:
        """Tell the meter that a pass begins which takes `share` of this core's time."""
        start = (self.index + done) / self.count
        self.meter.begin(start, share / self.count, stage.layers, self.index + 1, self.count)


def _cut(x: Tensor, bounds: Bounds) -> Tensor:
    """Return the part of `x`, (1, channels, h, w), in `bounds`, without a copy."""
    return x[:, :, bounds.y : bounds.bottom, bounds.x : bounds.right]
