"""A face turned upright, judged there, and the soft ellipse around it."""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2, pi

import numpy as np

from foveate_server.engines.contract import Engine, Ticker
from foveate_server.engines.detection.view_geometry import ViewPlacement
from foveate_server.engines.values import Face
from foveate_server.imaging.mask import smoothstep
from foveate_server.imaging.samples import FloatArray
from foveate_server.operations.progress_share import divide
from foveate_server.operations.single_face import identity_gate
from foveate_shared.geometry import Bounds

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
    turned = ViewPlacement(-turns, side, other).to_image(inside)
    return Upright(np.ascontiguousarray(np.rot90(working, turns)), turned, turns)


def judge_turned(
    upright: Upright, blended: FloatArray, engine: Engine, ticker: Ticker
) -> identity_gate.IdentityVerdict:
    """Return what the gate says of the upright crop's result."""
    first, second = divide(ticker, 1, 1)
    before = identity_gate.locate(upright.image, upright.face, engine, first)
    after = identity_gate.locate(blended, before or upright.face, engine, second)
    return identity_gate.judge(before, after)


def _moved(face: Face, dx: float, dy: float) -> Face:
    x, y, width, height = face.box
    return Face((x + dx, y + dy, width, height), tuple((px + dx, py + dy) for px, py in face.landmarks), face.score)
