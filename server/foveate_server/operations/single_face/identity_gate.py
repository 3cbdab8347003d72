"""The gate that a restored face must pass: it is found again, and its features are where they were."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from foveate_server.engines.contract import Engine, Ticker
from foveate_server.engines.detection.faces import FACES
from foveate_server.engines.detection.merge import is_near
from foveate_server.engines.values import Face, Image

_LARGEST_SHIFT = 0.06  # of the face's size: what one landmark may move on the mean
_LARGEST_SINGLE_SHIFT = 0.12  # and what the worst one may
_LOW_SCORE = 0.3  # at which a soft face, known to be there, is found in its original crop


@dataclass(frozen=True)
class IdentityVerdict:
    """What the gate saw."""

    shift: float | None  # mean distance of the landmarks before and after, in sizes of the face; None where not found
    problem: str | None  # a sentence, where the result must not be used


def locate(image: Image, expected: Face, engine: Engine, ticker: Ticker) -> Face | None:
    """Return the face in `image` that lies where `expected` does, of several the nearest in size."""
    found = engine.detect(FACES, np.clip(image, 0, 1), min_score=_LOW_SCORE, ticker=ticker)
    near = [face for face in found if is_near(face, expected) and is_near(expected, face)]
    return min(near, key=lambda face: abs(np.log(size_of(face) / size_of(expected))), default=None)


def judge(before: Face | None, after: Face | None) -> IdentityVerdict:
    """Compare a face before and after it was restored, both in pixels of the same crop."""
    if after is None:
        return IdentityVerdict(None, "The restored face was no longer recognised as one, so the original was kept.")
    if before is None:
        return IdentityVerdict(None, None)
    distances = np.linalg.norm(np.subtract(before.landmarks, after.landmarks), axis=1) / size_of(before)
    shift = float(distances.mean())
    if shift > _LARGEST_SHIFT or float(distances.max()) > _LARGEST_SINGLE_SHIFT:
        return IdentityVerdict(shift, "Eyes, nose or mouth moved in the restored face, so the original was kept.")
    return IdentityVerdict(shift, None)


def size_of(face: Face) -> float:
    """Return the side of the square that has the area of the face's box, in pixels."""
    return float(max(face.box[2] * face.box[3], 1e-6) ** 0.5)
