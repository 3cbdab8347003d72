"""Detect: where the faces are, or whatever else a detector finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from foveate_server.engines.contract import Detector
from foveate_server.engines.detection.faces import FACES
from foveate_server.engines.detection.registry import detectors
from foveate_server.models.model_requirement import DETECTORS
from foveate_server.operations.contract import ItemResult, JobRequest, Plan
from foveate_server.operations.findings import search_document
from foveate_server.operations.item_run import ItemRun
from foveate_server.operations.parameters import common_parameters
from foveate_server.operations.parameters.declaration import Declaration, parameter
from foveate_shared.wire.protocol import JsonObject, Outcome
from foveate_shared.wire.schema_words import ADVANCED


@dataclass(frozen=True)
class DetectParameters:
    """What can be said of it."""

    min_score: common_parameters.Score = common_parameters.min_score()
    detector: str = parameter(
        "Detector", "What is looked for.", default=FACES.name, choices=lambda: list(detectors()), level=ADVANCED
    )

    @property
    def finder(self) -> Detector[Any]:
        """Return the detector."""
        return detectors()[self.detector]


class Detect:
    """Item `detect` tells all findings; in large documents, items that look at parts come before it."""

    name = "detect"
    title = "Find faces"
    parameters = Declaration(DetectParameters, models=(DETECTORS,))

    def plan(self, request: JobRequest, parameters: DetectParameters) -> Plan:
        """See operations.operation.Operation. Raises InputError for a region that is empty or not in the document."""
        finder = parameters.finder
        return Plan(
            "document", request.extent, finder.summary, (search_document.first_item(request, finder, is_survey=False),)
        )

    def run(self, run: ItemRun[DetectParameters]) -> ItemResult:
        """See operations.operation.Operation."""
        finder = run.parameters.finder
        findings, following = search_document.search(run, finder, min_score=run.parameters.min_score)
        if following is not None:
            return ItemResult(Outcome(run.item.id, "done"), (following,))
        found: JsonObject = {finder.name: [search_document.to_json(each) for each in findings]}
        return ItemResult(Outcome(run.item.id, "done", search_document.sentence(finder, len(findings)), found))
