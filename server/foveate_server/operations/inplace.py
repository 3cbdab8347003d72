"""What operations that change the document in place share: tiles of a large region, and the patch of a part."""

from __future__ import annotations

from dataclasses import dataclass

from foveate_server.imaging import mask
from foveate_server.imaging.samples import FloatArray
from foveate_server.operations import surface
from foveate_server.operations.base import Context, Item, JobRequest, WindowData
from foveate_server.operations.restoring import halo, on_grid
from foveate_shared.geometry import Bounds, Extent, tiles
from foveate_shared.protocol import JsonObject, WindowRequest

PIXELS = "pixels"  # the id of the only window of most items
SINGLE_AREA = 1280 * 1280  # pixels of a window that is restored in one item
TILE_SIGMA = 32.0  # document pixels: of the colour match in tiles, the same in all
_CORE = 1024  # document pixels of a tile's core
MARGIN = 112  # document pixels around a part's core: colour match (three sigmas) and feather fit


def window_of(bounds: Bounds, request: JobRequest, *, item: str, coverage: bool = True) -> WindowRequest:
    """Return the wish for `bounds` at their own scale; with the selection's `coverage`, where it has one."""
    return WindowRequest(f"{item}.{PIXELS}", bounds, bounds.extent, coverage=coverage and request.wants_coverage)


def tile_items(request: JobRequest, quarters: int, arguments: JsonObject) -> tuple[Item, ...]:
    """Return one item per tile of the region; cores tile it, windows overlap by the halo of a reduction."""
    cores = tiles(request.region, Extent(_CORE, _CORE))
    margin = max(halo(quarters), MARGIN)
    items = []
    for number, core in enumerate(cores, 1):
        name = f"tile-{number}"
        window = on_grid(core.pad(margin).clamp(request.extent), quarters, request.extent)
        told: JsonObject = {**arguments, "core": [core.x, core.y, core.width, core.height]}
        stage = f"Restoring part {number} of {len(cores)}"
        items.append(Item(name, stage, (window_of(window, request, item=name),), told, weight=float(core.area)))
    return tuple(items)


def core_of(item: Item, request: JobRequest) -> Bounds:
    """Return the part of the document that an item answers for: all of the region unless it is a tile."""
    core = item.arguments.get("core")
    return Bounds(*(int(edge) for edge in core)) if isinstance(core, list) else request.region  # type: ignore[arg-type]


@dataclass(frozen=True)
class Canvas:
    """Where an item's patches go: a window of the document."""

    request: JobRequest
    window: WindowData
    context: Context

    def send(self, core: Bounds, working: FloatArray, coverage: FloatArray) -> bool:
        """Send what of `core` (document pixels) is covered as a patch; tell whether there was anything.

        `working` (height, width, 3) and `coverage` (height, width) cover the window.
        """
        bounds = self.window.bounds
        covered = mask.covered_bounds(coverage, bounds).intersect(core)
        if covered.is_empty:
            return False
        pixels = surface.write(self.request, surface.cut(working, covered, bounds), self.window, covered)
        part = surface.cut(coverage, covered, bounds)
        self.context.patch(covered, pixels, surface.encode_coverage(self.request, part))
        return True

    def send_original(self, core: Bounds) -> None:
        """Send `core` (document pixels) as it came, byte for byte."""
        coverage = surface.cut(surface.selected(self.request, self.window), core, self.window.bounds)
        pixels = surface.original(self.request, self.window, core)
        self.context.patch(core, pixels, surface.encode_coverage(self.request, coverage))
