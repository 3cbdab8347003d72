"""Refocusing a region with a checkpoint: crop with context, all of the model's attention, composite."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from foveate_server.engines.contract import Engine
from foveate_server.engines.diffusion_request import ShowPreview
from foveate_server.imaging import mask
from foveate_server.imaging.crop import context_window
from foveate_server.operations.contract import Context, Item, ItemResult, JobRequest, Plan, WindowData
from foveate_server.operations.document import patches, window_pixels
from foveate_server.operations.document.window_pixels import Surface
from foveate_server.operations.face import main_face
from foveate_server.operations.parameters import checkpoint_parameters, common_parameters
from foveate_server.operations.progress_share import ProgressShare
from foveate_server.operations.with_checkpoint import fading_canvases, safety_policy
from foveate_server.operations.with_checkpoint.painter import Painter, Wish
from foveate_shared.geometry import Bounds
from foveate_shared.wire.protocol import JsonObject, Outcome

LEAST_WINDOW = 64  # pixels: less shows a checkpoint nothing
_WHOLE = "refocus"
_FINDING, _PAINTING = 0.05, 0.9  # shares of an item's progress


def plan(request: JobRequest) -> Plan:
    """Return the items: one canvas, or several for what is too large for one. Raises InputError for a bad region."""
    window = context_window(request.region, request.extent, minimum=LEAST_WINDOW)
    size = f"{request.region.width} x {request.region.height}"
    title = request.model.title if request.model else "a checkpoint"
    summary = f"Re-render {size} pixels with {title} at strength {common_parameters.strength(request):g}."
    if window.area <= fading_canvases.SINGLE_AREA:
        item = Item(_WHOLE, "Re-rendering", (patches.window_of(window, request, item=_WHOLE),))
        return Plan("document", request.extent, summary, (item,))
    return Plan(
        "document", request.extent, summary, fading_canvases.canvas_items(request.region, request, "Re-rendering")
    )


def run(request: JobRequest, item: Item, window: WindowData, engine: Engine, context: Context) -> ItemResult:
    """Carry out an item of :func:`plan`."""
    strength = common_parameters.strength(request)
    core = fading_canvases.faded_core(item, request.region, request)
    canvas = patches.PatchSender(request, window, context)
    if strength == 0:
        canvas.send_original(patches.core_of(item, request))
        return ItemResult(Outcome(item.id, "done", "", {"strength": 0.0, "seed": checkpoint_parameters.seed(request)}))
    coverage = window_pixels.feathered(request, window)
    if not mask.covered_bounds(coverage, window.bounds).intersect(core).area:
        return ItemResult(Outcome(item.id, "kept", "Nothing is selected here."))
    picture = window_pixels.read(request, window)
    about = subject_of(request, picture, core, engine, context)
    painter = Painter(request, engine, ProgressShare(context, _FINDING, _PAINTING))
    wish = Wish(
        picture.working,
        window_pixels.selected(request, window),
        checkpoint_parameters.prompt_for(request, about),
        strength,
    )
    painted = painter.paint(wish, show_in(context, window.bounds, core))
    faded = np.minimum(coverage, fading_canvases.fade(item, request.region, request, window.bounds))
    data: JsonObject = {"strength": strength, "subject": about, **painter.data}
    outcome = Outcome(item.id, "done", "", data)
    return safety_policy.finish(canvas, core, painted, faded, painter=painter, outcome=outcome)


def subject_of(request: JobRequest, picture: Surface, core: Bounds, engine: Engine, context: Context) -> str:
    """Return what the region shows, as far as its prompt depends on it: not at all where the job has one."""
    if checkpoint_parameters.has_prompt(request):
        return checkpoint_parameters.OTHER
    face = main_face.main_face(picture, core, engine, context)
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
