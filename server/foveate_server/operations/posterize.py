"""Posterize: the selection in few levels of each colour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from foveate_server.imaging.crop import require_region
from foveate_server.operations.contract import Item, ItemResult, JobRequest, Plan
from foveate_server.operations.document.patches import window_of
from foveate_server.operations.item_run import ItemRun
from foveate_server.operations.parameters.declaration import BASIC, Declaration, parameter
from foveate_shared.geometry import Extent, tiles
from foveate_shared.wire.protocol import JsonObject, Outcome

_PART = Extent(2048, 2048)  # document pixels: of what one item does


@dataclass(frozen=True)
class PosterizeParameters:
    """What can be said of it."""

    levels: int = parameter("Levels", "Of each colour.", default=4, minimum=2, maximum=64, level=BASIC)


class Posterize:
    """One item per part of the region."""

    name = "posterize"
    title = "Posterize"
    parameters = Declaration(PosterizeParameters)

    def plan(self, request: JobRequest, parameters: PosterizeParameters) -> Plan:
        """See operations.operation.Operation. Raises InputError for a region that is empty or not in the document."""
        require_region(request.region, request.extent)
        items = []
        for number, core in enumerate(tiles(request.region, _PART), 1):
            name = f"part-{number}"
            told: JsonObject = {"core": [core.x, core.y, core.width, core.height]}
            items.append(Item(name, "Posterizing", (window_of(core, request, item=name),), told, weight=core.area))
        return Plan("document", request.extent, f"Posterize to {parameters.levels} levels.", tuple(items))

    def run(self, run: ItemRun[PosterizeParameters]) -> ItemResult:
        """See operations.operation.Operation."""
        steps = run.parameters.levels - 1
        levels = np.rint(run.pixels.working.clip(0, 1) * steps) / steps
        run.send(run.core, levels.astype(np.float32), run.feather)
        return ItemResult(Outcome(run.item.id, "done"))
