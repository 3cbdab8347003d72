"""One face found several times - at several scales, in overlapping tiles, turned - becomes one."""

from __future__ import annotations

from collections.abc import Iterable
from math import hypot

from foveate_server.engines.values import Face

_SAME_IOU = 0.35  # intersection over union from which on two boxes are one face
_SAME_SHARE = 0.6  # of the smaller box that lies within the larger one


def merge(faces: Iterable[Face]) -> list[Face]:
    """Return the faces without duplicates, best first: of two that overlap much, the one with the higher score stays.

    A box within another counts as its duplicate too: a mouth or a pattern within a face, or a group taken for one face.
    """
    kept: list[Face] = []
    for face in sorted(faces, key=lambda face: -face.score):
        if not any(is_same(face, other) for other in kept):
            kept.append(face)
    return kept


def is_same(a: Face, b: Face) -> bool:
    """Tell whether two finds are one face."""
    overlap = _overlap(a.box, b.box)
    smaller, larger = sorted((a.box[2] * a.box[3], b.box[2] * b.box[3]))
    return overlap > _SAME_IOU * (smaller + larger - overlap) or overlap > _SAME_SHARE * smaller


def is_near(a: Face, b: Face) -> bool:
    """Tell whether the centre of `a` lies within the middle of `b`, half its longer side away at most."""
    distance = hypot(
        a.box[0] + a.box[2] / 2 - b.box[0] - b.box[2] / 2, a.box[1] + a.box[3] / 2 - b.box[1] - b.box[3] / 2
    )
    return distance < max(b.box[2], b.box[3]) / 2


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> float:
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return max(0.0, width) * max(0.0, height)
