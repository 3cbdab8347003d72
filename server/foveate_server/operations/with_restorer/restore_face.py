"""Restoring one face: turned upright, restored, judged, turned back, and blended within an ellipse around it."""

from __future__ import annotations

import numpy as np

from foveate_server.engines.values import Face
from foveate_server.imaging.reach import Reach
from foveate_server.operations import costs
from foveate_server.operations.contract import ItemResult
from foveate_server.operations.document import window_pixels
from foveate_server.operations.item_run import ItemRun
from foveate_server.operations.parameters.common_parameters import Restored
from foveate_server.operations.progress_share import divide
from foveate_server.operations.single_face import identity_gate
from foveate_server.operations.single_face.face_blur import SHARP, read_face_blur, with_surroundings
from foveate_server.operations.single_face.shown_face import ShownFace
from foveate_server.operations.single_face.upright import Upright, judge_turned, upright_in
from foveate_server.operations.with_restorer.grid import QUARTERS
from foveate_server.operations.with_restorer.restorer import Restorer
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.wire.protocol import Outcome

_WORKING_PIXELS = 2 << 20  # of what the network may see of one face: larger faces are reduced to it
_LEAST_SCALE = 0.7  # at which a face must be seen to tell how soft it is
_USUAL_QUARTERS = 7  # of the reduction of a face that is out of focus
_SHARP_MARGIN = 1.25  # a face that must be reduced by so much more than its blur asks for would lose detail


def restore_face(run: ItemRun[Restored], shown: ShownFace) -> ItemResult:
    """Carry out a face's item: send its patch, or say why the face is kept as it was."""
    item, data, bounds = run.item.id, dict(shown.data), run.window.bounds
    coverage = np.minimum(run.feather, shown.around)
    upright = upright_in(run.pixels.working, shown.face, bounds)
    restorer = Restorer.of(run, run.context)
    blur, reach = _reach(upright, enlarges=restorer.enlarges)
    amount = run.parameters.strength * reach.effect
    quarters = restorer.quarters(reach.reduction, window_pixels.extent_of(upright.image), whole=True)
    data |= {"blur": round(blur, 3), "reduction": quarters / QUARTERS, "strength": 0.0}
    if amount == 0:
        return ItemResult(Outcome(item, "kept", reach.sentence or "", data))
    cost = _cost(window_pixels.extent_of(upright.image), quarters)
    run.context.weigh(sum(cost))
    restorer.ticker, judging = divide(run.context, *cost)
    restored = restorer.restore(upright.image, quarters, face=upright.face)
    blended = upright.image + np.float32(amount) * (restored - upright.image)
    verdict = judge_turned(upright, blended, run.engine, judging)
    data |= {"shift": None if verdict.shift is None else round(verdict.shift, 4)}
    if verdict.problem is not None:
        return ItemResult(Outcome(item, "kept", verdict.problem, data), recipe=restorer.recipe)
    run.send(bounds, upright.back(blended), coverage)
    outcome = Outcome(item, "done", reach.sentence or "", {**data, "strength": amount})
    return ItemResult(outcome, recipe=restorer.recipe)


def cost_of(extent: Extent) -> float:
    """Return about what a face costs in a window of `extent`, before anybody has looked how soft it is."""
    return sum(_cost(extent, _USUAL_QUARTERS))


def cost_as_seen(run: ItemRun[Restored], face: Face, window: Bounds) -> float | None:
    """Return what a face costs in its `window`, as soft as another item's window shows it; next to nothing if sharp.

    All in document pixels. None where that window does not show enough of it.
    """
    seen, image, restorer = run.window.bounds, run.pixels.working, Restorer.of(run, run.context)
    scale = image.shape[1] / seen.width
    if scale < _LEAST_SCALE or not seen.contains(window):
        return None
    shown, inside = face.placed(-seen.x * scale, -seen.y * scale, scale, scale), window.relative_to(seen)
    edges = (edge * scale for edge in (inside.x, inside.y, inside.right, inside.bottom))
    part = Bounds.from_edges(*edges).clamp(window_pixels.extent_of(image))
    upright = upright_in(image[part.y : part.bottom, part.x : part.right], shown, part)
    _, reach = _reach(upright, enlarges=restorer.enlarges)
    if run.parameters.strength * reach.effect == 0:
        return costs.copying(window.area)
    return sum(_cost(window.extent, restorer.quarters(reach.reduction / scale, window.extent, whole=True)))


def _cost(extent: Extent, quarters: int) -> tuple[float, float]:
    """Return what it costs to restore a crop, and to look for its face before and after."""
    return costs.restoring(extent.area * (QUARTERS / quarters) ** 2), 2 * costs.detecting(extent)


def _reach(upright: Upright, *, enlarges: bool) -> tuple[float, Reach]:
    """Return the face's blur, and what the restorer can do for it within the pixels that it may see."""
    seen = with_surroundings(upright.image, upright.face)
    blur, reach = read_face_blur(seen, identity_gate.size_of(upright.face), enlarges=enlarges)
    extent = window_pixels.extent_of(upright.image)
    least = (extent.area / _WORKING_PIXELS) ** 0.5
    if least <= reach.reduction:
        return blur, reach
    if least > reach.reduction * _SHARP_MARGIN:
        return blur, Reach(least, 0.0, SHARP)
    return blur, Reach(least, reach.effect, reach.sentence)
