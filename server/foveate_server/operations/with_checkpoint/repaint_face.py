"""Re-rendering one face with a checkpoint: upright, with all of the model's attention, judged, turned back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from foveate_server.engines.contract import Ticker
from foveate_server.engines.diffusion_request import ShowPreview
from foveate_server.imaging.samples import FloatArray
from foveate_server.operations import costs
from foveate_server.operations.contract import ItemResult
from foveate_server.operations.document import window_pixels
from foveate_server.operations.item_run import ItemRun
from foveate_server.operations.parameters import checkpoint_parameters
from foveate_server.operations.parameters.checkpoint_parameters import Prompted
from foveate_server.operations.progress_share import divide
from foveate_server.operations.single_face.identity_gate import IdentityVerdict
from foveate_server.operations.single_face.shown_face import ShownFace
from foveate_server.operations.single_face.upright import Upright, judge_turned, upright_in
from foveate_server.operations.with_checkpoint import refocus_region, safety_policy
from foveate_server.operations.with_checkpoint.painter import Painter, Wish
from foveate_server.operations.with_checkpoint.painting_cost import looking_cost, painting_cost
from foveate_shared.geometry import Extent
from foveate_shared.i18n.sentence import Sentence
from foveate_shared.wire.protocol import Outcome

_REMEDY = "A lower strength keeps closer to the face."
_GENTLER = 0.5  # of the strength at which a face did not keep its features: tried once


@dataclass(frozen=True)
class _Attempt:
    """A face as a checkpoint made it at one strength, and what the gate says of it."""

    strength: float
    painter: Painter
    painted: FloatArray  # the upright crop, (height, width, 3)
    verdict: IdentityVerdict


@dataclass(frozen=True)
class _Easel:
    """All that attempts at one face share."""

    run: ItemRun[Prompted]
    upright: Upright
    wanted: FloatArray  # (height, width) of the upright crop: where it may change
    soft: FloatArray  # likewise: where it is blended
    show: ShowPreview | None

    def attempt(self, strength: float, ticker: Ticker) -> _Attempt:
        """Return the face at `strength`. Cancels, and raises, as the engine does."""
        painting, judging = divide(ticker, *_costs(self.run, window_pixels.extent_of(self.upright.image)))
        painter = Painter(self.run, painting)
        prompt = checkpoint_parameters.prompt_for(self.run.parameters, checkpoint_parameters.FACE)
        painted = painter.paint(Wish(self.upright.image, self.wanted, prompt, strength), self.show)
        # Where the face fades out nothing of the picture stays that the gate did not see.
        blended = self.upright.image + self.soft[..., np.newaxis] * (painted - self.upright.image)
        return _Attempt(strength, painter, painted, judge_turned(self.upright, blended, self.run.engine, judging))


def repaint_face(run: ItemRun[Prompted], shown: ShownFace) -> ItemResult:
    """Carry out a face's item: send its patch, or say why the face is kept as it was.

    A face that does not keep its features is tried once more at half of the strength.
    """
    item, data, window = run.item.id, dict(shown.data), run.window.bounds
    coverage = np.minimum(run.feather, shown.around)
    upright = upright_in(run.pixels.working, shown.face, window)
    wanted = np.minimum(run.selection, shown.around)
    turned, soft = (np.ascontiguousarray(np.rot90(plane, upright.turns)) for plane in (wanted, coverage))
    show = refocus_region.show_in(run.context, window, window) if upright.turns == 0 else None
    easel = _Easel(run, upright, turned, soft, show)
    attempts = _attempts(easel, run.parameters.strength, shown.number)
    made = attempts[-1]
    shift = made.verdict.shift
    data |= {**made.painter.data, "strength": 0.0, "shift": None if shift is None else round(shift, 4)}
    data |= {"tried": [attempt.strength for attempt in attempts]} if len(attempts) > 1 else {}
    if made.verdict.problem is not None:
        problem = " ".join((made.verdict.problem, _REMEDY))
        return ItemResult(Outcome(item, "kept", problem, data), recipe=made.painter.recipe)
    sentence = _sentence(attempts)
    outcome = Outcome(item, "done", sentence, {**data, "strength": made.strength})
    back = easel.upright.back(made.painted)
    return safety_policy.finish(run, window, back, coverage, painter=made.painter, outcome=outcome)


def cost_of(run: ItemRun[Prompted], extent: Extent) -> float:
    """Return what it costs to re-render a face in a window of `extent`, if it passes the gate."""
    return painting_cost(run.request, run.parameters, extent.area) + 2 * costs.detecting(extent)


def _costs(run: ItemRun[Prompted], extent: Extent) -> tuple[float, float]:
    painting = painting_cost(run.request, run.parameters, extent.area)
    return painting, 2 * looking_cost(run, extent, painting)


def _attempts(easel: _Easel, strength: float, number: int) -> list[_Attempt]:
    """Return one attempt, or two where the first did not pass the gate; the last one counts."""
    context = easel.run.context
    first = easel.attempt(strength, context)
    if first.verdict.problem is None:
        return [first]
    gentler = strength * _GENTLER
    context.note(
        Sentence(
            "Face {number} did not keep its features at strength {strength:g}; trying {gentler:g}.",
            number=number,
            strength=strength,
            gentler=gentler,
        )
    )
    context.weigh(2 * easel.run.item.weight)
    return [first, easel.attempt(gentler, divide(context, 1, 1)[1])]


def _sentence(attempts: Sequence[_Attempt]) -> str:
    if len(attempts) == 1:
        return ""
    first, last = attempts
    return Sentence(
        "At strength {strength:g} the face did not keep its features, so it was re-rendered at {gentler:g}.",
        strength=first.strength,
        gentler=last.strength,
    )
