"""Restoring one face: turned upright, restored, judged, turned back, and blended within an ellipse around it."""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2, pi
from typing import cast

import numpy as np

from foveate_server.detect.placing import Placement
from foveate_server.engines.base import Engine, Face, Ticker
from foveate_server.imaging.mask import smoothstep
from foveate_server.imaging.reach import Reach
from foveate_server.imaging.samples import FloatArray
from foveate_server.operations import facegate, finding, inplace, parameters, surface
from foveate_server.operations.base import Context, Item, ItemResult, JobRequest, WindowData
from foveate_server.operations.facereach import SHARP, face_reach, with_surroundings
from foveate_server.operations.restoring import QUARTERS, Restorer, Share
from foveate_shared.geometry import Bounds
from foveate_shared.protocol import JsonObject, Outcome

_WORKING_PIXELS = 2 << 20  # of what the network may see of one face: larger faces are reduced to it
_SHARP_MARGIN = 1.25  # a face that must be reduced by so much more than its blur asks for would lose detail
_ELLIPSE_FULL = 1.15  # half-axes of full effect, in halves of the box
_ELLIPSE_ZERO = 1.55  # and where it has faded to nothing


@dataclass(frozen=True)
class Upright:
    """A crop in which the face stands upright, give or take 45 degrees: turned by quarters, so without loss."""

    image: FloatArray
    face: Face  # in pixels of the image
    turns: int  # quarters, counter-clockwise, by which the crop was turned

    def back(self, image: FloatArray) -> FloatArray:
        """Return an image of this crop as it lies in the document."""
        return np.ascontiguousarray(np.rot90(image, -self.turns))


def restore_face(request: JobRequest, item: Item, window: WindowData, engine: Engine, context: Context) -> ItemResult:
    """Carry out a face's item: send its patch, or say why the face is kept as it was."""
    face = finding.from_json(cast("JsonObject", item.arguments["face"]))
    data: JsonObject = {"number": item.arguments["number"], "face": item.arguments["face"]}
    coverage = np.minimum(surface.feathered(request, window), ellipse(face, window.bounds))
    if not coverage.any():
        return ItemResult(Outcome(item.id, "skipped", "This face is not selected.", data))
    strength = parameters.strength(request)
    canvas = inplace.Canvas(request, window, context)
    if strength == 0:
        canvas.send_original(finding.bounds_of(face, request.extent))
        return ItemResult(Outcome(item.id, "done", "", {**data, "strength": 0.0}))
    picture = surface.read(request, window)
    upright = upright_in(picture.working, face, window.bounds)
    restorer = Restorer(request, engine, Share(context, 0.1, 0.8))
    blur, reach = _reach(upright, enlarges=restorer.enlarges)
    amount = strength * reach.effect
    quarters = restorer.quarters(reach.reduction, surface.extent_of(upright.image), whole=True)
    data |= {"blur": round(blur, 3), "reduction": quarters / QUARTERS, "strength": 0.0}
    if amount == 0:
        return ItemResult(Outcome(item.id, "kept", reach.sentence or "", data))
    restored = restorer.restore(upright.image, quarters, face=upright.face)
    blended = upright.image + np.float32(amount) * (restored - upright.image)
    verdict = judge_turned(upright, blended, engine, context)
    data |= {"shift": None if verdict.shift is None else round(verdict.shift, 4)}
    if verdict.problem is not None:
        return ItemResult(Outcome(item.id, "kept", verdict.problem, data), recipe=restorer.recipe)
    canvas.send(window.bounds, upright.back(blended), coverage)
    outcome = Outcome(item.id, "done", reach.sentence or "", {**data, "strength": amount})
    return ItemResult(outcome, recipe=restorer.recipe)


def ellipse(face: Face, window: Bounds) -> FloatArray:
    """Return a soft ellipse around the face's box over `window` (document pixels): 1 on the face, 0 at a distance."""
    x, y, width, height = face.box
    columns = (np.arange(window.width) + 0.5 + window.x - x - width / 2) / (width / 2)
    rows = (np.arange(window.height) + 0.5 + window.y - y - height / 2) / (height / 2)
    distance = np.hypot(columns[np.newaxis, :], rows[:, np.newaxis]).astype(np.float32)
    return smoothstep((_ELLIPSE_ZERO - distance) / (_ELLIPSE_ZERO - _ELLIPSE_FULL))


def roll_of(face: Face) -> float:
    """Return by how much a face leans, in radians, clockwise as seen: 0 where its eyes are level, above the mouth."""
    points = np.array(face.landmarks)
    down = points[3:].mean(axis=0) - points[:2].mean(axis=0)
    return atan2(-float(down[0]), float(down[1]))


def upright_in(working: FloatArray, face: Face, window: Bounds) -> Upright:
    """Return `working`, which covers `window`, turned by quarters until `face` (document pixels) stands upright."""
    turns = round(roll_of(face) / (pi / 2)) % 4
    inside = _moved(face, -window.x, -window.y)
    height, width = working.shape[:2]
    side, other = (height, width) if turns % 2 else (width, height)
    # Turning back is turning on: the placement of the original in the turned crop.
    turned = Placement(-turns, side, other).to_image(inside)
    return Upright(np.ascontiguousarray(np.rot90(working, turns)), turned, turns)


def _reach(upright: Upright, *, enlarges: bool) -> tuple[float, Reach]:
    """Return the face's blur, and what the restorer can do for it within the pixels that it may see."""
    seen = with_surroundings(upright.image, upright.face)
    blur, reach = face_reach(seen, facegate.size_of(upright.face), enlarges=enlarges)
    extent = surface.extent_of(upright.image)
    least = (extent.area / _WORKING_PIXELS) ** 0.5
    if least <= reach.reduction:
        return blur, reach
    if least > reach.reduction * _SHARP_MARGIN:
        return blur, Reach(least, 0.0, SHARP)
    return blur, Reach(least, reach.effect, reach.sentence)


def judge_turned(upright: Upright, blended: FloatArray, engine: Engine, ticker: Ticker) -> facegate.Verdict:
    """Return what the gate says of the upright crop's result."""
    before = facegate.locate(upright.image, upright.face, engine, Share(ticker, 0.9, 0.05))
    after = facegate.locate(blended, before or upright.face, engine, Share(ticker, 0.95, 0.05))
    return facegate.judge(before, after)


def _moved(face: Face, dx: float, dy: float) -> Face:
    x, y, width, height = face.box
    return Face((x + dx, y + dy, width, height), tuple((px + dx, py + dy) for px, py in face.landmarks), face.score)
