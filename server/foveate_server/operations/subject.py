"""What a selected region shows, which decides how far it can be restored: a face forgives less than other things."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from foveate_server.engines.base import Engine, Face
from foveate_server.imaging.blur import estimate_blur
from foveate_server.imaging.reach import Reach, reduction_for
from foveate_server.imaging.samples import FloatArray
from foveate_server.operations import facegate, surface
from foveate_server.operations.base import Context
from foveate_server.operations.facereach import SHARP, face_reach, with_surroundings
from foveate_server.operations.surface import Surface
from foveate_shared.errors import ResourceError
from foveate_shared.geometry import Bounds

_FACE_SCORE = 0.5
_LEAST_SHARE = 0.2  # of the region's short side: a smaller face is not what the region is about


@dataclass(frozen=True)
class Subject:
    """What the region is about."""

    blur: float  # document pixels
    reach: Reach
    face: Face | None  # the largest one, in pixels of the window


def examine(picture: Surface, core: Bounds, engine: Engine, context: Context) -> Subject:
    """Return what `core` (document pixels) of `picture` shows, and what the restorer can do for it."""
    side = float(min(core.width, core.height))
    face = main_face(picture, core, engine, context)
    if face is not None:
        blur, reach = face_reach(with_surroundings(picture.working, face), facegate.size_of(face))
        # Who selects a face that is in focus wants it cleaner or crisper all the same.
        return Subject(blur, replace(reach, effect=1.0, sentence=None) if reach.sentence == SHARP else reach, face)
    blur = estimate_blur(surface.cut(picture.working, core, picture.bounds))
    return Subject(blur, reduction_for(blur, side), None)


def problem_with(
    subject: Subject, before: FloatArray, after: FloatArray, engine: Engine, context: Context
) -> str | None:
    """Return a sentence where restoring changed the features of the region's face, else None."""
    if subject.face is None:
        return None
    known = facegate.locate(before, subject.face, engine, context)
    return facegate.judge(known, facegate.locate(after, known or subject.face, engine, context)).problem


def main_face(picture: Surface, core: Bounds, engine: Engine, context: Context) -> Face | None:
    """Return the face that `core` (document pixels) is about, in pixels of `picture`; None where it shows none."""
    face = _largest_face(picture, core, engine, context)
    side = float(min(core.width, core.height))
    return face if face is not None and facegate.size_of(face) >= _LEAST_SHARE * side else None


def _largest_face(picture: Surface, core: Bounds, engine: Engine, context: Context) -> Face | None:
    try:
        found = engine.detect_faces(np.clip(picture.working, 0, 1), min_score=_FACE_SCORE, ticker=context)
    except ResourceError as error:  # the detector's weights are not at hand: not a reason to refuse
        context.note(f"Faces were not looked for. {error.info.message}")
        return None
    inside = core.relative_to(picture.bounds)
    selected = [face for face in found if _has_its_middle_in(face, inside)]
    return max(selected, key=facegate.size_of, default=None)


def _has_its_middle_in(face: Face, part: Bounds) -> bool:
    x, y = face.box[0] + face.box[2] / 2, face.box[1] + face.box[3] / 2
    return part.x <= x < part.right and part.y <= y < part.bottom
