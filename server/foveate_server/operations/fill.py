"""Fill: new content in the selection, by a prompt or from its surroundings; or a larger canvas."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from foveate_server.engines.contract import Engine
from foveate_server.imaging import mask
from foveate_server.imaging.crop import context_window
from foveate_server.imaging.samples import FloatArray
from foveate_server.operations.contract import Context, Item, ItemResult, JobRequest, Plan, WindowData
from foveate_server.operations.document import patches, window_pixels
from foveate_server.operations.parameters import checkpoint_parameters, common_parameters
from foveate_server.operations.progress_share import ProgressShare
from foveate_server.operations.with_checkpoint import (
    extend_canvas,
    fading_canvases,
    refocus_region,
    safety_policy,
    start_image,
)
from foveate_server.operations.with_checkpoint.painter import Painter, Wish
from foveate_shared.wire.protocol import Outcome

_FEATHER = 8  # document pixels: what is removed must not shine through a wide fade
_WHOLE = "fill"


class Fill:
    """One item, or several canvases for a large selection; with `extend`, see operations.with_checkpoint.extend_canvas.

    Outcomes carry `seed`, `strength`, `extent` (image pixels that the checkpoint saw).
    """

    name = "fill"
    title = "Fill"
    needs_checkpoint = True
    schema = common_parameters.schema(
        **checkpoint_parameters.SAID,
        strength={**common_parameters.strength_schema(diffusion=1.0)},
        start=start_image.START,
        extend=extend_canvas.EXTEND,
        **checkpoint_parameters.SAMPLING,
        model=common_parameters.MODEL,
        exact=common_parameters.EXACT,
        pinned=common_parameters.PINNED,
    )

    def plan(self, request: JobRequest) -> Plan:
        """See operations.contract.Operation. Raises InputError for a region that is empty or not in the document."""
        if extend_canvas.is_wanted(request):
            return extend_canvas.plan(request)
        window = context_window(request.region, request.extent, minimum=refocus_region.LEAST_WINDOW)
        summary = f"Fill {request.region.width} x {request.region.height} pixels with new content."
        if window.area <= fading_canvases.SINGLE_AREA:
            item = Item(_WHOLE, "Filling", (patches.window_of(window, request, item=_WHOLE),))
            return Plan("document", request.extent, summary, (item,))
        return Plan(
            "document", request.extent, summary, fading_canvases.canvas_items(request.region, request, "Filling")
        )

    def run(
        self, request: JobRequest, item: Item, windows: Mapping[str, WindowData], engine: Engine, context: Context
    ) -> ItemResult:
        """See operations.contract.Operation."""
        (window,) = windows.values()
        if extend_canvas.is_wanted(request):
            return extend_canvas.run(request, item, window, engine, context)
        return _fill(request, item, window, engine, context)


def _fill(request: JobRequest, item: Item, window: WindowData, engine: Engine, context: Context) -> ItemResult:
    strength = common_parameters.strength(request)
    core = fading_canvases.faded_core(item, request.region, request)
    canvas = patches.PatchSender(request, window, context)
    seed = checkpoint_parameters.seed(request)
    if strength == 0:
        canvas.send_original(patches.core_of(item, request))
        return ItemResult(Outcome(item.id, "done", "", {"strength": 0.0, "seed": seed}))
    selected = window_pixels.selected(request, window)
    picture = window_pixels.read(request, window)
    start = start_image.start_of(request)
    about = (
        checkpoint_parameters.OTHER
        if start != "original"
        else refocus_region.subject_of(request, picture, core, engine, context)
    )
    painter = Painter(request, engine, ProgressShare(context, 0.05, 0.9))
    prepared = start_image.start_image(picture.working, selected, start, seed)
    wish = Wish(prepared, selected, checkpoint_parameters.prompt_for(request, about), strength, anchor=0.0)
    painted = painter.paint(wish, refocus_region.show_in(context, window.bounds, core))
    faded = np.minimum(_feathered(request, window), fading_canvases.fade(item, request.region, request, window.bounds))
    outcome = Outcome(item.id, "done", "", {"strength": strength, **painter.data})
    return safety_policy.finish(canvas, core, painted, faded, painter=painter, outcome=outcome)


def _feathered(request: JobRequest, window: WindowData) -> FloatArray:
    coverage = window_pixels.selected(request, window)
    if request.selection is None:
        return coverage
    width = min(_FEATHER, mask.feather_width(request.region))
    return mask.feather_inwards(coverage, width, window=window.bounds, document=request.extent)
