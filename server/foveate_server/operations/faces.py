"""Faces: find every face and bring each into focus. One item and at most one patch per face."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np

from foveate_server.engines.values import Face
from foveate_server.imaging.crop import context_window
from foveate_server.operations.contract import Item, ItemResult, JobRequest, Plan
from foveate_server.operations.document import patches
from foveate_server.operations.face import find
from foveate_server.operations.face.shown_face import ShownFace
from foveate_server.operations.item_run import ItemRun
from foveate_server.operations.parameters import checkpoint_parameters, common_parameters
from foveate_server.operations.with_checkpoint import repaint_face
from foveate_server.operations.with_restorer import restore_face
from foveate_shared.wire.protocol import JsonObject, Outcome

_LARGEST_WINDOW = 5000 * 5000  # pixels: around larger faces, memory would not be bounded
_SMALLEST_WINDOW = 96  # pixels: networks need some surroundings
_ONLY: JsonObject = {
    common_parameters.LEVEL: common_parameters.BASIC,
    "type": "array",
    "title": "Only these faces",
    "description": "Numbers of faces, counted from 1, from left to right. Without them, every face is taken.",
    "items": {"type": "integer", "minimum": 1, "maximum": 65536},
    "uniqueItems": True,
    "minItems": 1,
    "maxItems": 1024,
}


class Faces:
    """Item `detect` tells all faces, then items `face-1`, `face-2` ... restore them, or re-render them with a prompt.

    Patches of neighbours may overlap in their soft edges. A face's outcome carries `number`, `face`, `blur`,
    `reduction`, `strength` (what was applied), `shift` (of the landmarks, in sizes of the face), and `tried`: the
    strengths of a checkpoint that rendered it twice.
    """

    name = "faces"
    title = "Refocus faces"
    schema = common_parameters.schema(
        **checkpoint_parameters.SAID,
        strength=common_parameters.strength_schema(diffusion=0.4),
        only=_ONLY,
        min_score=common_parameters.MIN_SCORE,
        **checkpoint_parameters.SAMPLING,
        model=common_parameters.MODEL,
        exact=common_parameters.EXACT,
        pinned=common_parameters.PINNED,
    )

    def plan(self, request: JobRequest) -> Plan:
        """See operations.contract.Operation. Raises InputError for a region that is empty or not in the document."""
        summary = f"Find the faces and bring each into focus at strength {common_parameters.strength(request):g}."
        return Plan("document", request.extent, summary, (find.first_item(request),))

    def run(self, run: ItemRun) -> ItemResult:
        """See operations.contract.Operation."""
        if "face" in run.item.arguments:
            return _render_face(run)
        request = run.request
        faces, following = find.search(run)
        if following is not None:
            return ItemResult(Outcome(run.item.id, "done"), (following,))
        wanted, sentence = _choose(faces, request)
        found: JsonObject = {"faces": [find.to_json(face) for face in faces]}
        items = tuple(_face_item(request, number, faces[number - 1]) for number in wanted)
        return ItemResult(Outcome(run.item.id, "done", sentence, found), items)


def _render_face(run: ItemRun) -> ItemResult:
    request, shown = run.request, ShownFace.of(run)
    if not np.minimum(run.feather, shown.around).any():
        return ItemResult(Outcome(run.item.id, "skipped", "This face is not selected.", shown.data))
    strength, part = common_parameters.strength(request), find.bounds_of(shown.face, request.extent)
    if not request.is_prompted:
        return run.unchanged_at_zero(strength, part, shown.data) or restore_face.restore_face(run, shown)
    seed = checkpoint_parameters.seed(request)
    return run.unchanged_at_zero(strength, part, shown.data, seed=seed) or repaint_face.repaint_face(run, shown)


def _choose(faces: Sequence[Face], request: JobRequest) -> tuple[list[int], str]:
    """Return the numbers of the faces to restore, and a sentence that names the ones that there are not."""
    sentence = find.sentence(len(faces))
    only = request.parameters.get("only")
    if not only:
        return list(range(1, len(faces) + 1)), sentence
    asked = sorted(cast("list[int]", only))
    missing = [str(number) for number in asked if number > len(faces)]
    if missing:
        sentence += f" There is no face number {', '.join(missing)}."
    return [number for number in asked if number <= len(faces)], sentence


def _face_item(request: JobRequest, number: int, face: Face) -> Item:
    name = f"face-{number}"
    box = find.bounds_of(face, request.extent)
    window = context_window(box, request.extent, minimum=_SMALLEST_WINDOW)
    if window.area > _LARGEST_WINDOW:
        window = box
    arguments: JsonObject = {"number": number, "face": find.to_json(face)}
    request_window = patches.window_of(window, request, item=name)
    return Item(name, f"Bringing face {number} into focus", (request_window,), arguments, weight=float(window.area))
