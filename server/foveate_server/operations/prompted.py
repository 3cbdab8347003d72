"""Refocusing a region with a checkpoint: crop with context, all of the model's attention, composite."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from foveate_server.engines.base import Engine
from foveate_server.engines.diffusing import ShowPreview
from foveate_server.imaging import mask
from foveate_server.imaging.crop import context_window
from foveate_server.operations import canvases, inplace, parameters, safety, subject, surface, words
from foveate_server.operations.base import Context, Item, ItemResult, JobRequest, Plan, WindowData
from foveate_server.operations.painting import Painter, Wish
from foveate_server.operations.restoring import Share
from foveate_server.operations.surface import Surface
from foveate_shared.geometry import Bounds
from foveate_shared.protocol import JsonObject, Outcome

LEAST_WINDOW = 64  # pixels: less shows a checkpoint nothing
_WHOLE = "refocus"
_FINDING, _PAINTING = 0.05, 0.9  # shares of an item's progress


def plan(request: JobRequest) -> Plan:
    """Return the items: one canvas, or several for what is too large for one. Raises InputError for a bad region."""
    window = context_window(request.region, request.extent, minimum=LEAST_WINDOW)
    size = f"{request.region.width} x {request.region.height}"
    title = request.model.title if request.model else "a checkpoint"
    summary = f"Re-render {size} pixels with {title} at strength {parameters.strength(request):g}."
    if window.area <= canvases.SINGLE_AREA:
        item = Item(_WHOLE, "Re-rendering", (inplace.window_of(window, request, item=_WHOLE),))
        return Plan("document", request.extent, summary, (item,))
    return Plan("document", request.extent, summary, canvases.canvas_items(request.region, request, "Re-rendering"))


def run(request: JobRequest, item: Item, window: WindowData, engine: Engine, context: Context) -> ItemResult:
    """Carry out an item of :func:`plan`."""
    strength = parameters.strength(request)
    core = canvases.faded_core(item, request.region, request)
    canvas = inplace.Canvas(request, window, context)
    if strength == 0:
        canvas.send_original(inplace.core_of(item, request))
        return ItemResult(Outcome(item.id, "done", "", {"strength": 0.0, "seed": words.seed(request)}))
    coverage = surface.feathered(request, window)
    if not mask.covered_bounds(coverage, window.bounds).intersect(core).area:
        return ItemResult(Outcome(item.id, "kept", "Nothing is selected here."))
    picture = surface.read(request, window)
    about = subject_of(request, picture, core, engine, context)
    painter = Painter(request, engine, Share(context, _FINDING, _PAINTING))
    wish = Wish(picture.working, surface.selected(request, window), words.prompt_for(request, about), strength)
    painted = painter.paint(wish, show_in(context, window.bounds, core))
    faded = np.minimum(coverage, canvases.fade(item, request.region, request, window.bounds))
    data: JsonObject = {"strength": strength, "subject": about, **painter.data}
    outcome = Outcome(item.id, "done", "", data)
    return safety.finish(canvas, core, painted, faded, painter=painter, outcome=outcome)


def subject_of(request: JobRequest, picture: Surface, core: Bounds, engine: Engine, context: Context) -> str:
    """Return what the region shows, as far as its prompt depends on it: not at all where the job has one."""
    if words.has_prompt(request):
        return words.OTHER
    face = subject.main_face(picture, core, engine, context)
    return words.OTHER if face is None else words.FACE


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
