"""Fill: new content in the selection, by a prompt or from its surroundings; or a larger canvas."""

from __future__ import annotations

import numpy as np

from foveate_server.imaging import mask
from foveate_server.imaging.crop import context_window
from foveate_server.imaging.samples import FloatArray
from foveate_server.operations.contract import Item, ItemResult, JobRequest, Plan
from foveate_server.operations.document import patches
from foveate_server.operations.item_run import ItemRun
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

    def run(self, run: ItemRun) -> ItemResult:
        """See operations.contract.Operation."""
        request = run.request
        if extend_canvas.is_wanted(request):
            return extend_canvas.extend(run)
        strength, seed = common_parameters.strength(request), checkpoint_parameters.seed(request)
        return run.unchanged_at_zero(strength, run.core, {}, seed=seed) or _fill(run)


def _fill(run: ItemRun) -> ItemResult:
    request, strength, start = run.request, common_parameters.strength(run.request), start_image.start_of(run.request)
    core = fading_canvases.faded_core(run)
    about = checkpoint_parameters.OTHER if start != "original" else refocus_region.subject_of(run, core)
    painter = Painter(request, run.engine, ProgressShare(run.context, 0.05, 0.9))
    prepared = start_image.start_image(run.pixels.working, run.selection, start, checkpoint_parameters.seed(request))
    wish = Wish(prepared, run.selection, checkpoint_parameters.prompt_for(request, about), strength, anchor=0.0)
    painted = painter.paint(wish, refocus_region.show_in(run.context, run.window.bounds, core))
    faded = np.minimum(_feathered(run), fading_canvases.fade(run))
    outcome = Outcome(run.item.id, "done", "", {"strength": strength, **painter.data})
    return safety_policy.finish(run, core, painted, faded, painter=painter, outcome=outcome)


def _feathered(run: ItemRun) -> FloatArray:
    if run.request.selection is None:
        return run.selection
    width = min(_FEATHER, mask.feather_width(run.request.region))
    return mask.feather_inwards(run.selection, width, window=run.window.bounds, document=run.request.extent)
