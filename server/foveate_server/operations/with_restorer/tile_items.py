"""What operations that change the document in place share: tiles of a large region, and the patch of a part."""

from __future__ import annotations

from foveate_server.operations import costs
from foveate_server.operations.contract import Item, JobRequest
from foveate_server.operations.document.patches import window_of
from foveate_server.operations.with_restorer.grid import QUARTERS, halo, on_grid
from foveate_shared.geometry import Bounds, Extent, tiles
from foveate_shared.i18n.sentence import Sentence
from foveate_shared.wire.protocol import JsonObject

SINGLE_AREA = 1280 * 1280  # pixels of a window that is restored in one item
TILE_SIGMA = 32.0  # document pixels: of the colour match in tiles, the same in all
CORE = 1024  # document pixels of a tile's core
MARGIN = 112  # document pixels around a part's core: colour match (three sigmas) and feather fit


def tile_items(request: JobRequest, quarters: int, arguments: JsonObject) -> tuple[Item, ...]:
    """Return one item per tile of the region; cores tile it, windows overlap by the halo of a reduction."""
    cores = tiles(request.region, Extent(CORE, CORE))
    items = []
    for number, core in enumerate(cores, 1):
        name = f"tile-{number}"
        window = _window_of(core, request, quarters)
        told: JsonObject = {**arguments, "core": [core.x, core.y, core.width, core.height]}
        weight = _weight_of(window, quarters)
        stage = Sentence("Restoring part {number} of {count}", number=number, count=len(cores))
        items.append(Item(name, stage, (window_of(window, request, item=name),), told, weight=weight))
    return tuple(items)


def most_work(request: JobRequest) -> float:
    """Return what all tiles of the region cost together where none is reduced."""
    cores = tiles(request.region, Extent(CORE, CORE))
    return sum(_weight_of(_window_of(core, request, QUARTERS), QUARTERS) for core in cores)


def _window_of(core: Bounds, request: JobRequest, quarters: int) -> Bounds:
    return on_grid(core.pad(max(halo(quarters), MARGIN)).clamp(request.extent), quarters, request.extent)


def _weight_of(window: Bounds, quarters: int) -> float:
    return costs.restoring(window.area * (QUARTERS / quarters) ** 2)
