"""The face that a region is about."""

from __future__ import annotations

import numpy as np

from foveate_server.engines.contract import Ticker
from foveate_server.engines.detection.faces import FACES
from foveate_server.engines.values import Face
from foveate_server.operations.item_run import ItemRun
from foveate_server.operations.single_face import identity_gate
from foveate_shared.errors import ResourceError
from foveate_shared.geometry import Bounds
from foveate_shared.i18n.sentence import Sentence

_FACE_SCORE = 0.5
_LEAST_SHARE = 0.2  # of the region's short side: a smaller face is not what the region is about


def main_face(run: ItemRun[object], core: Bounds, ticker: Ticker) -> Face | None:
    """Return the face that `core` (document pixels) is about, in pixels of the window; None where it shows none."""
    face = _largest_face(run, core, ticker)
    side = float(min(core.width, core.height))
    return face if face is not None and identity_gate.size_of(face) >= _LEAST_SHARE * side else None


def _largest_face(run: ItemRun[object], core: Bounds, ticker: Ticker) -> Face | None:
    try:
        found = run.engine.detect(FACES, np.clip(run.pixels.working, 0, 1), min_score=_FACE_SCORE, ticker=ticker)
    except ResourceError as error:  # the detector's weights are not at hand: not a reason to refuse
        run.context.note(Sentence("Faces were not looked for. {problem}", problem=error.info.message))
        return None
    inside = core.relative_to(run.pixels.bounds)
    selected = [face for face in found if _has_its_middle_in(face, inside)]
    return max(selected, key=identity_gate.size_of, default=None)


def _has_its_middle_in(face: Face, part: Bounds) -> bool:
    x, y = face.box[0] + face.box[2] / 2, face.box[1] + face.box[3] / 2
    return part.x <= x < part.right and part.y <= y < part.bottom
