"""Fill: new content in the selection, by a prompt or from its surroundings; or a larger canvas."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from foveate_server.engines.base import Engine
from foveate_server.imaging import mask
from foveate_server.imaging.crop import context_window
from foveate_server.imaging.samples import FloatArray
from foveate_server.operations import (
    canvases,
    extending,
    inplace,
    parameters,
    prompted,
    safety,
    starting,
    surface,
    words,
)
from foveate_server.operations.base import Context, Item, ItemResult, JobRequest, Plan, WindowData
from foveate_server.operations.painting import Painter, Wish
from foveate_server.operations.restoring import Share
from foveate_shared.protocol import Outcome

_FEATHER = 8  # document pixels: what is removed must not shine through a wide fade
_WHOLE = "fill"


class Fill:
    """One item, or several canvases for a large selection; with `extend`, see operations.extending.

    Outcomes carry `seed`, `strength`, `extent` (image pixels that the checkpoint saw).
    """

    name = "fill"
    title = "Fill"
    needs_checkpoint = True
    schema = parameters.schema(
        **words.SAID,
        strength={**parameters.strength_schema(diffusion=1.0)},
        start=starting.START,
        extend=extending.EXTEND,
        **words.SAMPLING,
        model=parameters.MODEL,
        exact=parameters.EXACT,
        pinned=parameters.PINNED,
    )

    def plan(self, request: JobRequest) -> Plan:
        """See operations.base.Operation. Raises InputError for a region that is empty or not in the document."""
        if extending.is_wanted(request):
            return extending.plan(request)
        window = context_window(request.region, request.extent, minimum=prompted.LEAST_WINDOW)
        summary = f"Fill {request.region.width} x {request.region.height} pixels with new content."
        if window.area <= canvases.SINGLE_AREA:
            item = Item(_WHOLE, "Filling", (inplace.window_of(window, request, item=_WHOLE),))
            return Plan("document", request.extent, summary, (item,))
        return Plan("document", request.extent, summary, canvases.canvas_items(request.region, request, "Filling"))

    def run(
        self, request: JobRequest, item: Item, windows: Mapping[str, WindowData], engine: Engine, context: Context
    ) -> ItemResult:
        """See operations.base.Operation."""
        (window,) = windows.values()
        if extending.is_wanted(request):
            return extending.run(request, item, window, engine, context)
        return _fill(request, item, window, engine, context)


def _fill(request: JobRequest, item: Item, window: WindowData, engine: Engine, context: Context) -> ItemResult:
    strength = parameters.strength(request)
    core = canvases.faded_core(item, request.region, request)
    canvas = inplace.Canvas(request, window, context)
    seed = words.seed(request)
    if strength == 0:
        canvas.send_original(inplace.core_of(item, request))
        return ItemResult(Outcome(item.id, "done", "", {"strength": 0.0, "seed": seed}))
    selected = surface.selected(request, window)
    picture = surface.read(request, window)
    start = starting.start_of(request)
    about = words.OTHER if start != "original" else prompted.subject_of(request, picture, core, engine, context)
    painter = Painter(request, engine, Share(context, 0.05, 0.9))
    prepared = starting.start_image(picture.working, selected, start, seed)
    wish = Wish(prepared, selected, words.prompt_for(request, about), strength, anchor=0.0)
    painted = painter.paint(wish, prompted.show_in(context, window.bounds, core))
    faded = np.minimum(_feathered(request, window), canvases.fade(item, request.region, request, window.bounds))
    outcome = Outcome(item.id, "done", "", {"strength": strength, **painter.data})
    return safety.finish(canvas, core, painted, faded, painter=painter, outcome=outcome)


def _feathered(request: JobRequest, window: WindowData) -> FloatArray:
    coverage = surface.selected(request, window)
    if request.selection is None:
        return coverage
    width = min(_FEATHER, mask.feather_width(request.region))
    return mask.feather_inwards(coverage, width, window=window.bounds, document=request.extent)
