"""Detect: where the faces are."""

from __future__ import annotations

from dataclasses import dataclass

from foveate_server.operations.contract import ItemResult, JobRequest, Plan
from foveate_server.operations.face import find
from foveate_server.operations.item_run import ItemRun
from foveate_server.operations.parameters import common_parameters
from foveate_server.operations.parameters.declaration import Declaration
from foveate_shared.wire.protocol import JsonObject, Outcome


@dataclass(frozen=True)
class DetectParameters:
    """What can be said of it."""

    min_score: common_parameters.Score = common_parameters.min_score()


class Detect:
    """Item `detect` tells all faces; in large documents, items that look at parts come before it."""

    name = "detect"
    title = "Find faces"
    parameters = Declaration(DetectParameters)

    def plan(self, request: JobRequest, parameters: DetectParameters) -> Plan:
        """See operations.contract.Operation. Raises InputError for a region that is empty or not in the document."""
        return Plan("document", request.extent, "Find the faces.", (find.first_item(request),))

    def run(self, run: ItemRun[DetectParameters]) -> ItemResult:
        """See operations.contract.Operation."""
        faces, following = find.search(run, min_score=run.parameters.min_score)
        if following is not None:
            return ItemResult(Outcome(run.item.id, "done"), (following,))
        found: JsonObject = {"faces": [find.to_json(face) for face in faces]}
        return ItemResult(Outcome(run.item.id, "done", find.sentence(len(faces)), found))
