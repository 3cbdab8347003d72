"""Detect: where the faces are."""

from __future__ import annotations

from collections.abc import Mapping

from foveate_server.engines.base import Engine
from foveate_server.operations import finding, parameters
from foveate_server.operations.base import Context, Item, ItemResult, JobRequest, Plan, WindowData
from foveate_shared.protocol import JsonObject, Outcome


class Detect:
    """Item `detect` tells all faces; in large documents, items that look at parts come before it."""

    name = "detect"
    title = "Find faces"
    schema = parameters.schema(min_score=parameters.MIN_SCORE)

    def plan(self, request: JobRequest) -> Plan:
        """See operations.base.Operation. Raises InputError for a region that is empty or not in the document."""
        return Plan("document", request.extent, "Find the faces.", (finding.first_item(request),))

    def run(
        self, request: JobRequest, item: Item, windows: Mapping[str, WindowData], engine: Engine, context: Context
    ) -> ItemResult:
        """See operations.base.Operation."""
        faces, following = finding.search(request, item, windows, engine, context)
        if following is not None:
            return ItemResult(Outcome(item.id, "done"), (following,))
        found: JsonObject = {"faces": [finding.to_json(face) for face in faces]}
        return ItemResult(Outcome(item.id, "done", finding.sentence(len(faces)), found))
