"""Faces: find every face and bring each into focus. One item and at most one patch per face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from foveate_server.engines.detection.faces import FACES
from foveate_server.engines.values import Face
from foveate_server.families.family import REPAINTS
from foveate_server.imaging.crop import context_window
from foveate_server.models.model_requirement import RESTORERS, checkpoints
from foveate_server.operations import costs
from foveate_server.operations.contract import Item, ItemResult, JobRequest, Plan
from foveate_server.operations.document import patches
from foveate_server.operations.findings import search_document
from foveate_server.operations.item_run import ItemRun
from foveate_server.operations.parameters import common_parameters
from foveate_server.operations.parameters.checkpoint_parameters import Said, SamplingParameters
from foveate_server.operations.parameters.common_parameters import Rendering, Score, Share
from foveate_server.operations.parameters.declaration import Declaration, group, limits, parameter
from foveate_server.operations.single_face.shown_face import ShownFace
from foveate_server.operations.with_checkpoint import repaint_face
from foveate_server.operations.with_restorer import restore_face
from foveate_shared.i18n.sentence import Sentence, joined
from foveate_shared.wire.protocol import JsonObject, Outcome
from foveate_shared.wire.schema_words import BASIC

_LARGEST_WINDOW = 5000 * 5000  # pixels: around larger faces, memory would not be bounded
_SMALLEST_WINDOW = 96  # pixels: networks need some surroundings
FaceNumber = Annotated[int, limits(minimum=1, maximum=65536)]


@dataclass(frozen=True)
class FacesParameters:
    """What can be said of it."""

    said: Said = group(Said)
    strength: Share = common_parameters.strength(diffusion=0.4)
    only: tuple[FaceNumber, ...] = parameter(
        "Only these faces",
        "Numbers of faces, counted from 1, from left to right. Without them, every face is taken.",
        absent=(),
        level=BASIC,
        uniqueItems=True,
        minItems=1,
        maxItems=1024,
    )
    min_score: Score = common_parameters.min_score()
    sampling: SamplingParameters = group(SamplingParameters)
    rendering: Rendering = group(Rendering)


class Faces:
    """Item `detect` tells all faces, then items `face-1`, `face-2` ... restore them, or re-render them with a prompt.

    Patches of neighbours may overlap in their soft edges. A face's outcome carries `number`, `face`, `blur`,
    `reduction`, `strength` (what was applied), `shift` (of the landmarks, in sizes of the face), and `tried`: the
    strengths of a checkpoint that rendered it twice.
    """

    name = "faces"
    title = "Refocus faces"
    parameters = Declaration(FacesParameters, models=(RESTORERS, checkpoints(REPAINTS)))

    def plan(self, request: JobRequest, parameters: FacesParameters) -> Plan:
        """See operations.contract.Operation. Raises InputError for a region that is empty or not in the document."""
        summary = Sentence(
            "Find the faces and bring each into focus at strength {strength:g}.", strength=parameters.strength
        )
        return Plan("document", request.extent, summary, (search_document.first_item(request, FACES, is_survey=True),))

    def run(self, run: ItemRun[FacesParameters]) -> ItemResult:
        """See operations.contract.Operation."""
        if "face" in run.item.arguments:
            return _render_face(run)
        request = run.request
        faces, following = search_document.search(run, FACES, min_score=run.parameters.min_score)
        if following is not None:
            return ItemResult(Outcome(run.item.id, "done"), (following,))
        wanted, sentence = _choose(faces, run.parameters.only)
        found: JsonObject = {"faces": [search_document.to_json(face) for face in faces]}
        items = tuple(_face_item(request, number, faces[number - 1]) for number in wanted)
        return ItemResult(Outcome(run.item.id, "done", sentence, found), items)


def _render_face(run: ItemRun[FacesParameters]) -> ItemResult:
    request, shown = run.request, ShownFace.of(run)
    if not np.minimum(run.feather, shown.around).any():
        return ItemResult(Outcome(run.item.id, "skipped", "This face is not selected.", shown.data))
    strength, part = run.parameters.strength, search_document.bounds_of(shown.face, request.extent)
    if not request.is_prompted:
        return run.unchanged_at_zero(strength, part, shown.data) or restore_face.restore_face(run, shown)
    seed = run.parameters.sampling.seed
    return run.unchanged_at_zero(strength, part, shown.data, seed=seed) or repaint_face.repaint_face(run, shown)


def _choose(faces: Sequence[Face], only: Sequence[int]) -> tuple[list[int], str]:
    """Return the numbers of the faces to restore, and a sentence that names the ones that there are not."""
    sentence = search_document.sentence(FACES, len(faces))
    if not only:
        return list(range(1, len(faces) + 1)), sentence
    asked = sorted(only)
    missing = [str(number) for number in asked if number > len(faces)]
    if missing:
        gone = Sentence("There is no face number {numbers}.", numbers=", ".join(missing))
        sentence = joined(sentence, gone)
    return [number for number in asked if number <= len(faces)], sentence


def _face_item(request: JobRequest, number: int, face: Face) -> Item:
    name = f"face-{number}"
    box = search_document.bounds_of(face, request.extent)
    window = context_window(box, request.extent, minimum=_SMALLEST_WINDOW)
    if window.area > _LARGEST_WINDOW:
        window = box
    arguments: JsonObject = {"number": number, "face": search_document.to_json(face)}
    request_window = patches.window_of(window, request, item=name)
    return Item(
        name,
        Sentence("Bringing face {number} into focus", number=number),
        (request_window,),
        arguments,
        weight=costs.painting(window.area) if request.is_prompted else restore_face.cost_of(window.extent),
    )
