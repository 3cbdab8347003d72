"""What a selected region shows, which decides how far it can be restored: a face forgives less than other things."""

from __future__ import annotations

from dataclasses import dataclass, replace

from foveate_server.engines.contract import Ticker
from foveate_server.engines.values import Face
from foveate_server.imaging.blur_estimate import estimate_blur
from foveate_server.imaging.reach import Reach, reduction_for
from foveate_server.imaging.samples import FloatArray
from foveate_server.operations.document import window_pixels
from foveate_server.operations.item_run import ItemRun
from foveate_server.operations.progress_share import divide
from foveate_server.operations.single_face import identity_gate
from foveate_server.operations.single_face.face_blur import SHARP, read_face_blur, with_surroundings
from foveate_server.operations.single_face.main_face import main_face


@dataclass(frozen=True)
class Diagnosis:
    """What the region is about."""

    blur: float  # document pixels
    reach: Reach
    face: Face | None  # the largest one, in pixels of the window


def examine(run: ItemRun[object], ticker: Ticker) -> Diagnosis:
    """Return what the item's core shows, and what the restorer can do for it."""
    picture, core = run.pixels, run.core
    side = float(min(core.width, core.height))
    face = main_face(run, core, ticker)
    if face is not None:
        blur, reach = read_face_blur(with_surroundings(picture.working, face), identity_gate.size_of(face))
        # Who selects a face that is in focus wants it cleaner or crisper all the same.
        return Diagnosis(blur, replace(reach, effect=1.0, sentence=None) if reach.sentence == SHARP else reach, face)
    blur = estimate_blur(window_pixels.cut(picture.working, core, picture.bounds))
    return Diagnosis(blur, reduction_for(blur, side), None)


def problem_with(subject: Diagnosis, run: ItemRun[object], after: FloatArray, ticker: Ticker) -> str | None:
    """Return a sentence where restoring changed the features of the region's face, else None."""
    if subject.face is None:
        return None
    first, second = divide(ticker, 1, 1)
    known = identity_gate.locate(run.pixels.working, subject.face, run.engine, first)
    found = identity_gate.locate(after, known or subject.face, run.engine, second)
    return identity_gate.judge(known, found).problem
