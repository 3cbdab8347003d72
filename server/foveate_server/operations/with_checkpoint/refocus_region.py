"""Refocusing a region with a checkpoint: crop with context, all of the model's attention, composite."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from foveate_server.engines.contract import Ticker
from foveate_server.engines.diffusion_request import ShowPreview
from foveate_server.imaging import mask
from foveate_server.imaging.crop import context_window
from foveate_server.operations import costs
from foveate_server.operations.contract import Context, Item, ItemResult, JobRequest, Plan
from foveate_server.operations.document import patches
from foveate_server.operations.item_run import ItemRun
from foveate_server.operations.parameters import checkpoint_parameters
from foveate_server.operations.parameters.checkpoint_parameters import Prompted
from foveate_server.operations.progress_share import divide
from foveate_server.operations.single_face import main_face
from foveate_server.operations.with_checkpoint import fading_canvases, safety_policy
from foveate_server.operations.with_checkpoint.painter import Painter, Wish
from foveate_server.operations.with_checkpoint.painting_cost import looking_cost, painting_cost
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.i18n.sentence import Sentence
from foveate_shared.wire.protocol import JsonObject, Outcome

LEAST_WINDOW = 64  # pixels: less shows a checkpoint nothing
_WHOLE = "refocus"


def plan(request: JobRequest, asked: Prompted) -> Plan:
    """Return the items: one canvas, or several for what is too large for one. Raises InputError for a bad region."""
    window = context_window(request.region, request.extent, minimum=LEAST_WINDOW)
    size = f"{request.region.width} x {request.region.height}"
    title = request.model.title if request.model else "a checkpoint"
    summary = Sentence(
        "Re-render {size} pixels with {model} at strength {strength:g}.",
        size=size,
        model=title,
        strength=asked.strength,
    )
    if window.area <= fading_canvases.SINGLE_AREA:
        item = Item(
            _WHOLE,
            "Re-rendering",
            (patches.window_of(window, request, item=_WHOLE),),
            weight=weight_of(request, asked, window.extent),
        )
        return Plan("document", request.extent, summary, (item,))
    return Plan(
        "document",
        request.extent,
        summary,
        fading_canvases.canvas_items(
            request.region,
            request,
            "Re-rendering, part {number} of {count}",
            lambda extent: weight_of(request, asked, extent),
        ),
    )


def repaint(run: ItemRun[Prompted]) -> ItemResult:
    """Carry out an item of :func:`plan`, at a strength above 0."""
    window, item, strength = run.window.bounds, run.item.id, run.parameters.strength
    core = fading_canvases.faded_core(run)
    if not mask.covered_bounds(run.feather, window).intersect(core).area:
        return ItemResult(Outcome(item, "kept", "Nothing is selected here."))
    looking, painting = divide(run.context, *costs_of(run, window.extent))
    about = subject_of(run, core, looking)
    painter = Painter(run, painting)
    wish = Wish(run.pixels.working, run.selection, checkpoint_parameters.prompt_for(run.parameters, about), strength)
    painted = painter.paint(wish, show_in(run.context, window, core))
    faded = np.minimum(run.feather, fading_canvases.fade(run))
    data: JsonObject = {"strength": strength, "subject": about, **painter.data}
    outcome = Outcome(item, "done", "", data)
    return safety_policy.finish(run, core, painted, faded, painter=painter, outcome=outcome)


def weight_of(request: JobRequest, asked: Prompted, extent: Extent) -> float:
    """Return what an item costs whose window is of `extent`."""
    looking = 0.0 if asked.said.is_prompted else costs.detecting(extent)
    return looking + painting_cost(request, asked, extent.area)


def costs_of(run: ItemRun[Prompted], extent: Extent) -> tuple[float, float]:
    """Return what it costs to tell what a window of `extent` is about, and to re-render it."""
    painting = painting_cost(run.request, run.parameters, extent.area)
    return 0.0 if run.parameters.said.is_prompted else looking_cost(run, extent, painting), painting


def subject_of(run: ItemRun[Prompted], core: Bounds, ticker: Ticker) -> str:
    """Return what `core` (document pixels) shows, as far as the prompt depends on it: not at all where there is one."""
    if run.parameters.said.is_prompted:
        return checkpoint_parameters.OTHER
    face = main_face.main_face(run, core, ticker)
    return checkpoint_parameters.OTHER if face is None else checkpoint_parameters.FACE


def show_in(context: Context, window: Bounds, part: Bounds) -> ShowPreview:
    """Return what shows unfinished pictures of `window` to the owner: of `part` alone, both in pixels of the frame."""
    shown = part.intersect(window)

    def show(pixels: NDArray[np.uint8]) -> None:
        height, width = pixels.shape[:2]
        inside = shown.relative_to(window)
        top, bottom = (round(edge * height / window.height) for edge in (inside.y, inside.bottom))
        left, right = (round(edge * width / window.width) for edge in (inside.x, inside.right))
        if bottom > top and right > left:
            context.preview(shown, pixels[top:bottom, left:right])

    return show
