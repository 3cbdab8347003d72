"""Mosaic: the selection in flat cells, as a picture is made unrecognisable."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from foveate_server.operations.contract import Item, ItemResult, JobRequest, Plan
from foveate_server.operations.document.patches import window_of
from foveate_server.operations.item_run import ItemRun
from foveate_server.operations.parameters.declaration import Declaration, parameter
from foveate_shared.geometry import Bounds
from foveate_shared.wire.protocol import Outcome
from foveate_shared.wire.schema_words import BASIC

PART = 1024  # document pixels, about: the side of what one item does


@dataclass(frozen=True)
class MosaicParameters:
    """What can be said of it."""

    cell: int = parameter("Cell", "Side of a cell, in pixels.", default=16, minimum=2, maximum=256, level=BASIC)
    strength: float = parameter(
        "Strength", "How much of the effect is applied.", default=1, minimum=0, maximum=1, level=BASIC
    )


class Mosaic:
    """One item per part of the selection; parts begin where a cell begins."""

    name = "mosaic"
    title = "Mosaic"
    parameters = Declaration(MosaicParameters, {"description": "The selection in flat cells."})

    def plan(self, request: JobRequest, parameters: MosaicParameters) -> Plan:
        """Return the parts of the selection."""
        cores = parts(request.region, parameters.cell)
        items = [_item(number, core, request) for number, core in enumerate(cores, 1)]
        region = request.region
        return Plan("document", request.extent, f"Mosaic of {region.width} x {region.height} pixels.", tuple(items))

    def run(self, run: ItemRun[MosaicParameters]) -> ItemResult:
        """Carry out one part."""
        strength = run.parameters.strength
        return run.unchanged_at_zero(strength, run.core, {}) or self._flatten(run)

    def _flatten(self, run: ItemRun[MosaicParameters]) -> ItemResult:
        run.context.progress(run.item.stage, 0.0)
        image, strength = run.pixels.working, np.float32(run.parameters.strength)
        run.send(run.core, image + strength * (flat(image, run.parameters.cell) - image), run.feather)
        return ItemResult(Outcome(run.item.id, "done", "", {"strength": run.parameters.strength}))


def parts(region: Bounds, cell: int) -> list[Bounds]:
    """Return what tiles `region`; each begins a whole number of cells after the region does."""
    side = max(1, PART // cell) * cell
    return [
        Bounds(x, y, min(side, region.right - x), min(side, region.bottom - y))
        for y in range(region.y, region.bottom, side)
        for x in range(region.x, region.right, side)
    ]


def flat(image: NDArray[np.float32], cell: int) -> NDArray[np.float32]:
    """Return `image`, (height, width, 3), with each cell as its mean; cells begin at the top left."""
    height, width = image.shape[:2]
    tops, lefts = np.arange(0, height, cell), np.arange(0, width, cell)
    sums = np.add.reduceat(np.add.reduceat(image, tops, axis=0, dtype=np.float64), lefts, axis=1)
    areas = np.outer(np.diff(tops, append=height), np.diff(lefts, append=width))
    means = (sums / areas[..., np.newaxis]).astype(np.float32)
    return means.repeat(cell, axis=0).repeat(cell, axis=1)[:height, :width]


def _item(number: int, core: Bounds, request: JobRequest) -> Item:
    name = f"part-{number}"
    # `core` is what ItemRun.core and ItemRun.send go by.
    arguments = {"core": [core.x, core.y, core.width, core.height]}
    window = window_of(core, request, item=name)
    return Item(name, f"Mosaic, part {number}", (window,), arguments, weight=float(core.area))


MOSAIC = Mosaic()
