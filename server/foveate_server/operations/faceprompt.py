"""Re-rendering one face with a checkpoint: upright, with all of the model's attention, judged, turned back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from foveate_server.engines.base import Engine, Ticker
from foveate_server.engines.diffusing import ShowPreview
from foveate_server.imaging.samples import FloatArray
from foveate_server.operations import facework, finding, inplace, parameters, prompted, safety, surface, words
from foveate_server.operations.base import Context, Item, ItemResult, JobRequest, WindowData
from foveate_server.operations.facegate import Verdict
from foveate_server.operations.facework import Upright
from foveate_server.operations.painting import Painter, Wish
from foveate_server.operations.restoring import Share
from foveate_shared.protocol import Json, JsonObject, Outcome

_REMEDY = "A lower strength keeps closer to the face."
_GENTLER = 0.5  # of the strength at which a face did not keep its features: tried once
_FIRST = 0.88  # of an item's progress; the rest is for a second try


@dataclass(frozen=True)
class _Attempt:
    """A face as a checkpoint made it at one strength, and what the gate says of it."""

    strength: float
    painter: Painter
    painted: FloatArray  # the upright crop, (height, width, 3)
    verdict: Verdict


@dataclass(frozen=True)
class _Easel:
    """All that attempts at one face share."""

    request: JobRequest
    engine: Engine
    upright: Upright
    wanted: FloatArray  # (height, width) of the upright crop: where it may change
    soft: FloatArray  # likewise: where it is blended
    show: ShowPreview | None

    def attempt(self, strength: float, ticker: Ticker) -> _Attempt:
        """Return the face at `strength`. Cancels, and raises, as the engine does."""
        painter = Painter(self.request, self.engine, Share(ticker, 0.05, 0.85))
        prompt = words.prompt_for(self.request, words.FACE)
        painted = painter.paint(Wish(self.upright.image, self.wanted, prompt, strength), self.show)
        # Where the face fades out nothing of the picture stays that the gate did not see.
        blended = self.upright.image + self.soft[..., np.newaxis] * (painted - self.upright.image)
        return _Attempt(strength, painter, painted, facework.judge_turned(self.upright, blended, self.engine, ticker))


def paint_face(request: JobRequest, item: Item, window: WindowData, engine: Engine, context: Context) -> ItemResult:
    """Carry out a face's item: send its patch, or say why the face is kept as it was.

    A face that does not keep its features is tried once more at half of the strength.
    """
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
    turned, soft = (np.ascontiguousarray(np.rot90(plane, upright.turns)) for plane in (wanted, coverage))
    show = prompted.show_in(context, window.bounds, window.bounds) if upright.turns == 0 else None
    easel = _Easel(request, engine, upright, turned, soft, show)
    attempts = _attempts(easel, strength, data["number"], context)
    made = attempts[-1]
    shift = made.verdict.shift
    data |= {**made.painter.data, "strength": 0.0, "shift": None if shift is None else round(shift, 4)}
    data |= {"tried": [attempt.strength for attempt in attempts]} if len(attempts) > 1 else {}
    if made.verdict.problem is not None:
        problem = " ".join((made.verdict.problem, _REMEDY))
        return ItemResult(Outcome(item.id, "kept", problem, data), recipe=made.painter.recipe)
    sentence = _sentence(attempts)
    outcome = Outcome(item.id, "done", sentence, {**data, "strength": made.strength})
    back = easel.upright.back(made.painted)
    return safety.finish(canvas, window.bounds, back, coverage, painter=made.painter, outcome=outcome)


def _attempts(easel: _Easel, strength: float, number: Json, context: Context) -> list[_Attempt]:
    """Return one attempt, or two where the first did not pass the gate; the last one counts."""
    first = easel.attempt(strength, Share(context, 0.0, _FIRST))
    if first.verdict.problem is None:
        return [first]
    gentler = strength * _GENTLER
    context.note(f"Face {number} did not keep its features at strength {strength:g}; trying {gentler:g}.")
    return [first, easel.attempt(gentler, Share(context, _FIRST, 1 - _FIRST))]


def _sentence(attempts: Sequence[_Attempt]) -> str:
    if len(attempts) == 1:
        return ""
    first, last = attempts
    strengths = first.strength, last.strength
    return "At strength {:g} the face did not keep its features, so it was re-rendered at {:g}.".format(*strengths)
