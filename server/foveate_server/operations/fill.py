"""Fill: new content in the selection, by a prompt or from its surroundings; or a larger canvas."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from foveate_server.families.family import FILLS
from foveate_server.imaging import mask
from foveate_server.imaging.crop import context_window
from foveate_server.imaging.samples import FloatArray
from foveate_server.models.model_requirement import checkpoints
from foveate_server.operations.contract import Item, ItemResult, JobRequest, Plan
from foveate_server.operations.document import patches
from foveate_server.operations.item_run import ItemRun
from foveate_server.operations.parameters import checkpoint_parameters, common_parameters
from foveate_server.operations.parameters.checkpoint_parameters import PromptParameters, SamplingParameters
from foveate_server.operations.parameters.common_parameters import RenderingParameters, Share
from foveate_server.operations.parameters.declaration import Declaration, group
from foveate_server.operations.progress_share import divide
from foveate_server.operations.with_checkpoint import (
    extend_canvas,
    fading_canvases,
    refocus_region,
    safety_policy,
    start_image,
)
from foveate_server.operations.with_checkpoint.extend_canvas import Extension
from foveate_server.operations.with_checkpoint.painter import Painter, Wish
from foveate_server.operations.with_checkpoint.start_image import Start
from foveate_shared.i18n.sentence import Sentence
from foveate_shared.wire.protocol import DIFFUSION, Outcome
from foveate_shared.wire.schema_words import NEEDS

_FEATHER = 8  # document pixels: what is removed must not shine through a wide fade
_WHOLE = "fill"


@dataclass(frozen=True)
class FillParameters:
    """What can be said of it."""

    said: PromptParameters = group(PromptParameters)
    strength: Share = common_parameters.strength(diffusion=1.0)
    start: Start = start_image.start_parameter()
    extend: Extension = extend_canvas.extend_parameter()
    sampling: SamplingParameters = group(SamplingParameters)
    rendering: RenderingParameters = group(RenderingParameters)


class Fill:
    """One item, or several canvases for a large selection; with `extend`, see operations.with_checkpoint.extend_canvas.

    Outcomes carry `seed`, `strength`, `extent` (image pixels that the checkpoint saw).
    """

    name = "fill"
    title = "Fill"
    parameters = Declaration(FillParameters, {NEEDS: [DIFFUSION]}, models=(checkpoints(FILLS),))

    def plan(self, request: JobRequest, parameters: FillParameters) -> Plan:
        """See operations.operation.Operation. Raises InputError for a region that is empty or not in the document."""
        if parameters.extend.is_wanted:
            return extend_canvas.plan(request, parameters)
        window = context_window(request.region, request.extent, minimum=refocus_region.LEAST_WINDOW)
        summary = Sentence(
            "Fill {width} x {height} pixels with new content.", width=request.region.width, height=request.region.height
        )
        if window.area <= fading_canvases.SINGLE_AREA:
            weight = refocus_region.weight_of(request, parameters, window.extent)
            item = Item(_WHOLE, "Filling", (patches.window_of(window, request, item=_WHOLE),), weight=weight)
            return Plan("document", request.extent, summary, (item,))
        return Plan(
            "document",
            request.extent,
            summary,
            fading_canvases.canvas_items(
                request.region,
                request,
                "Filling, part {number} of {count}",
                lambda extent: refocus_region.weight_of(request, parameters, extent),
            ),
        )

    def run(self, run: ItemRun[FillParameters]) -> ItemResult:
        """See operations.operation.Operation."""
        asked = run.parameters
        if asked.extend.is_wanted:
            return extend_canvas.extend(run)
        return run.unchanged_at_zero(asked.strength, run.core, {}, seed=asked.sampling.seed) or _fill(run)


def _fill(run: ItemRun[FillParameters]) -> ItemResult:
    asked = run.parameters
    core = fading_canvases.faded_core(run)
    keeps = asked.start == "original"
    costs = refocus_region.costs_of(run, run.window.extent)
    looking, painting = divide(run.context, costs[0] if keeps else 0.0, costs[1])
    about = refocus_region.subject_of(run, core, looking) if keeps else checkpoint_parameters.OTHER
    painter = Painter(run, painting)
    prepared = start_image.start_image(run.pixels.working, run.selection, asked.start, asked.sampling.seed)
    wish = Wish(prepared, run.selection, checkpoint_parameters.prompt_for(asked, about), asked.strength, anchor=0.0)
    painted = painter.paint(wish, refocus_region.show_in(run.context, run.window.bounds, core))
    faded = np.minimum(_feathered(run), fading_canvases.fade(run))
    outcome = Outcome(run.item.id, "done", "", {"strength": asked.strength, **painter.data})
    return safety_policy.finish(run, core, painted, faded, painter=painter, outcome=outcome)


def _feathered(run: ItemRun[object]) -> FloatArray:
    if run.request.selection is None:
        return run.selection
    width = min(_FEATHER, mask.feather_width(run.request.region))
    return mask.feather_inwards(run.selection, width, window=run.window.bounds, document=run.request.extent)
