"""Re-rendering one face with a checkpoint: upright, with all of the model's attention, judged, turned back."""

from __future__ import annotations

from typing import cast

import numpy as np

from foveate_server.engines.base import Engine
from foveate_server.operations import facework, finding, inplace, parameters, prompted, safety, surface, words
from foveate_server.operations.base import Context, Item, ItemResult, JobRequest, WindowData
from foveate_server.operations.painting import Painter, Wish
from foveate_server.operations.restoring import Share
from foveate_shared.protocol import JsonObject, Outcome

_REMEDY = "A lower strength keeps closer to the face."


def paint_face(request: JobRequest, item: Item, window: WindowData, engine: Engine, context: Context) -> ItemResult:
    """Carry out a face's item: send its patch, or say why the face is kept as it was."""
    face = finding.from_json(cast("JsonObject", item.arguments["face"]))
    data: JsonObject = {"number": item.arguments["number"], "face": item.arguments["face"]}
    ellipse = facework.ellipse(face, window.bounds)
    coverage = np.minimum(surface.feathered(request, window), ellipse)
    if not coverage.any():
        return ItemResult(Outcome(item.id, "skipped", "This face is not selected.", data))
    strength = parameters.strength(request)
    canvas = inplace.Canvas(request, window, context)
    if strength == 0:
        canvas.send_original(finding.bounds_of(face, request.extent))
        return ItemResult(Outcome(item.id, "done", "", {**data, "strength": 0.0, "seed": words.seed(request)}))
    picture = surface.read(request, window)
    upright = facework.upright_in(picture.working, face, window.bounds)
    wanted = np.minimum(surface.selected(request, window), ellipse)
    turned = np.ascontiguousarray(np.rot90(wanted, upright.turns))
    painter = Painter(request, engine, Share(context, 0.05, 0.85))
    show = prompted.show_in(context, window.bounds, window.bounds) if upright.turns == 0 else None
    painted = painter.paint(Wish(upright.image, turned, words.prompt_for(request, words.FACE), strength), show)
    # Where the face fades out nothing of the picture stays that the gate did not see.
    soft = np.rot90(coverage, upright.turns)[..., np.newaxis]
    verdict = facework.judge_turned(upright, upright.image + soft * (painted - upright.image), engine, context)
    data |= {**painter.data, "strength": 0.0, "shift": None if verdict.shift is None else round(verdict.shift, 4)}
    if verdict.problem is not None:
        problem = " ".join((verdict.problem, _REMEDY))
        return ItemResult(Outcome(item.id, "kept", problem, data), recipe=painter.recipe)
    outcome = Outcome(item.id, "done", "", {**data, "strength": strength})
    return safety.finish(canvas, window.bounds, upright.back(painted), coverage, painter=painter, outcome=outcome)
