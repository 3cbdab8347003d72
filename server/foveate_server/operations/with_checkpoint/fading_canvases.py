"""Large regions for checkpoints: a few canvases, each one latent picture, fading into each other where they meet."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from foveate_server.imaging.mask import smoothstep
from foveate_server.imaging.samples import FloatArray
from foveate_server.operations.contract import Item, JobRequest
from foveate_server.operations.document import patches
from foveate_server.operations.item_run import ItemRun
from foveate_shared.geometry import Bounds, Extent, tiles
from foveate_shared.i18n.sentence import Sentence
from foveate_shared.wire.protocol import JsonObject

SINGLE_AREA = 2048 * 2048  # pixels of a window that is rendered as one canvas
CORE = 1536  # document pixels of a canvas's core
MARGIN = 256  # document pixels around a core that its canvas sees too
FADE = 96  # document pixels over which a canvas fades in over those before it


def canvas_items(region: Bounds, request: JobRequest, stage: str, cost: Callable[[Extent], float]) -> tuple[Item, ...]:
    """Return one item per canvas; cores tile `region`, windows overlap. `cost` is that of a window of some extent."""
    cores = tiles(region, Extent(CORE, CORE))
    items = []
    for number, core in enumerate(cores, 1):
        name = f"canvas-{number}"
        window = patches.window_of(core.pad(MARGIN).clamp(request.extent), request, item=name)
        told: JsonObject = {"core": [core.x, core.y, core.width, core.height]}
        items.append(
            Item(
                name,
                Sentence(stage, number=number, count=len(cores)),
                (window,),
                told,
                weight=cost(window.extent),
            )
        )
    return tuple(items)


def faded_core(run: ItemRun[object]) -> Bounds:
    """Return what an item paints, document pixels: its core, and a margin over the cores to its left and above it."""
    core, region = run.core, run.request.region
    left, top = max(region.x, core.x - FADE), max(region.y, core.y - FADE)
    return Bounds.from_edges(left, top, core.right, core.bottom)


def fade(run: ItemRun[object]) -> FloatArray:
    """Return how much of an item's picture is taken, (height, width) of its window: 1 in its core, 0 beyond the margin.

    Canvases are applied in the order of their numbers: a later one fades in over what earlier ones left.
    """
    core, region, window = run.core, run.request.region, run.window.bounds
    columns = _ramp(window.x, window.width, core.x, is_open=core.x <= region.x)
    rows = _ramp(window.y, window.height, core.y, is_open=core.y <= region.y)
    return np.minimum(columns[np.newaxis, :], rows[:, np.newaxis])


def _ramp(start: int, length: int, edge: int, *, is_open: bool) -> FloatArray:
    if is_open:
        return np.ones(length, np.float32)
    position = np.arange(start, start + length, dtype=np.float32) + np.float32(0.5)
    return smoothstep((position - (edge - FADE)) / np.float32(FADE))
