"""Faces: find every face and bring each into focus. One item and at most one patch per face."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, cast

import numpy as np

from foveate_server.engines.detection.faces import FACES
from foveate_server.engines.values import Face
from foveate_server.families.family import REPAINTS
from foveate_server.imaging.crop import context_window
from foveate_server.models.model_requirement import RESTORERS, checkpoints
from foveate_server.operations.contract import Item, ItemResult, JobRequest, Plan
from foveate_server.operations.document import patches
from foveate_server.operations.findings import search_document
from foveate_server.operations.item_run import ItemRun
from foveate_server.operations.parameters import common_parameters
from foveate_server.operations.parameters.checkpoint_parameters import PromptParameters, SamplingParameters
from foveate_server.operations.parameters.common_parameters import RenderingParameters, Score, Share
from foveate_server.operations.parameters.declaration import Declaration, group, limits, parameter
from foveate_server.operations.single_face.shown_face import ShownFace
from foveate_server.operations.with_checkpoint import repaint_face
from foveate_server.operations.with_restorer import restore_face
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.geometry import Bounds
from foveate_shared.i18n.sentence import Sentence, joined
from foveate_shared.wire.protocol import JsonObject, Outcome
from foveate_shared.wire.schema_words import BASIC

_LARGEST_WINDOW = 5000 * 5000  # pixels: around larger faces, memory would not be bounded
_COSTS = "costs"  # the argument of a look: what the faces that were found cost, as they were seen
_SMALLEST_WINDOW = 96  # pixels: networks need some surroundings
FaceNumber = Annotated[int, limits(minimum=1, maximum=65536)]


@dataclass(frozen=True)
class FacesParameters:
    """What can be said of it."""

    said: PromptParameters = group(PromptParameters)
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
    rendering: RenderingParameters = group(RenderingParameters)


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
        """See operations.operation.Operation. Raises InputError for a region that is empty or not in the document."""
        summary = Sentence(
            "Find the faces and bring each into focus at strength {strength:g}.", strength=parameters.strength
        )
        return Plan("document", request.extent, summary, (search_document.first_item(request, FACES, is_survey=True),))

    def run(self, run: ItemRun[FacesParameters]) -> ItemResult:
        """See operations.operation.Operation."""
        if "face" in run.item.arguments:
            return _render_face(run)
        faces, following = search_document.search(run, FACES, min_score=run.parameters.min_score)
        seen = _costs_as_seen(run, faces)
        if following is not None:
            told: JsonObject = {**following.arguments, _COSTS: cast("JsonObject", seen)}
            return ItemResult(Outcome(run.item.id, "done"), (replace(following, arguments=told),))
        wanted, sentence = _choose(faces, run.parameters.only)
        found: JsonObject = {"faces": [search_document.to_json(face) for face in faces]}
        items = tuple(_face_item(run, number, faces[number - 1], seen) for number in wanted)
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
    """Return the numbers of the faces to restore, and a sentence that names the ones that there are not.

    Raises InputError where there is none of those that were asked for.
    """
    sentence = search_document.sentence(FACES, len(faces))
    if not only:
        return list(range(1, len(faces) + 1)), sentence
    if not faces:
        raise InputError(sentence, code=ErrorCode.INVALID_PARAMETER)
    asked = sorted(only)
    missing = [str(number) for number in asked if number > len(faces)]
    if missing:
        gone = Sentence("There is no face number {numbers}.", numbers=", ".join(missing))
        sentence = joined(sentence, gone)
    if len(missing) == len(asked):
        remedy = "Faces are numbered from 1, from left to right: see which were found."
        raise InputError(sentence, code=ErrorCode.INVALID_PARAMETER, remedy=remedy)
    return [number for number in asked if number <= len(faces)], sentence


def _face_item(run: ItemRun[FacesParameters], number: int, face: Face, costs_as_seen: Mapping[str, float]) -> Item:
    request = run.request
    name, window = f"face-{number}", _window(request, face)
    arguments: JsonObject = {"number": number, "face": search_document.to_json(face)}
    request_window = patches.window_of(window, request, item=name)
    return Item(
        name,
        Sentence("Bringing face {number} into focus", number=number),
        (request_window,),
        arguments,
        weight=costs_as_seen.get(_key(face)) or _cost(run, window),
    )


def _window(request: JobRequest, face: Face) -> Bounds:
    """Return what a face's item sees, document pixels."""
    box = search_document.bounds_of(face, request.extent)
    window = context_window(box, request.extent, minimum=_SMALLEST_WINDOW)
    return box if window.area > _LARGEST_WINDOW else window


def _cost(run: ItemRun[FacesParameters], window: Bounds) -> float:
    """Return about what a face costs, however soft it is."""
    if run.request.is_prompted:
        return repaint_face.cost_of(run, window.extent)
    return restore_face.cost_of(window.extent)


def _costs_as_seen(run: ItemRun[FacesParameters], faces: Sequence[Face]) -> dict[str, float]:
    """Return what faces cost to restore, by their keys, as far as this look or an earlier one showed them."""
    if run.request.is_prompted:
        return {}
    known = cast("dict[str, float]", run.item.arguments.get(_COSTS, {}))
    now = {_key(face): restore_face.cost_as_seen(run, face, _window(run.request, face)) for face in faces}
    return {**known, **{key: cost for key, cost in now.items() if cost is not None}}


def _key(face: Face) -> str:
    """Return what tells a face from others, the same after it was told as JSON."""
    return json.dumps(search_document.to_json(face)["box"])
