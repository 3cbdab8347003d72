"""What is done with a picture that the safety classifier objects to: as the server's owner has set it."""

from __future__ import annotations

from dataclasses import replace

from foveate_server.imaging.samples import FloatArray
from foveate_server.operations.contract import ItemResult, JobRequest
from foveate_server.operations.item_run import ItemRun
from foveate_server.operations.with_checkpoint.painter import Painter
from foveate_shared.errors import ErrorCode, RefusedError
from foveate_shared.geometry import Bounds
from foveate_shared.i18n.sentence import joined
from foveate_shared.wire.protocol import Outcome

OFF, FLAG, BLUR, REFUSE = "off", "flag", "blur", "refuse"
_LEAST = 0.8  # of the classifier, whose authors call what is above it indecent, and what is below 0.2 decent
_FLAGGED = "The safety classifier takes this picture for one that is not safe for work."
_BLURRED = "The safety classifier takes this picture for one that is not safe for work, so it was blurred."


def finish(
    run: ItemRun[object], core: Bounds, painted: FloatArray, coverage: FloatArray, *, painter: Painter, outcome: Outcome
) -> ItemResult:
    """Send `painted` (of the item's window) where `core` is covered, and return how the item ended."""
    checked, outcome = check(run.request, painted, painter, outcome)
    if not run.send(core, checked, coverage):
        return ItemResult(replace(outcome, status="kept", message="Nothing is selected here."), recipe=painter.recipe)
    return ItemResult(outcome, recipe=painter.recipe)


def check(request: JobRequest, painted: FloatArray, painter: Painter, outcome: Outcome) -> tuple[FloatArray, Outcome]:
    """Return the picture as it may be shown, and the outcome that says so. Raises RefusedError where it may not be."""
    score = max(painter.flags, default=0.0)
    if request.safety == OFF or not painter.flags:
        return painted, outcome
    outcome = replace(outcome, data={**outcome.data, "unsafe": round(score, 3)})
    if score < _LEAST:
        return painted, outcome
    if request.safety == REFUSE:
        raise RefusedError(
            "The picture was not handed out: the safety classifier takes it for one that is not safe for work.",
            code=ErrorCode.FORBIDDEN,
            remedy="Change the prompt or the seed, or ask the server's owner about its setting `safety`.",
        )
    if request.safety == FLAG:
        return painted, replace(outcome, message=joined(outcome.message, _FLAGGED))
    from foveate_server.engines.detection.safety_classifier import concealed  # noqa: PLC0415 - onnxruntime: in the worker alone

    return concealed(painted), replace(outcome, message=joined(outcome.message, _BLURRED))
