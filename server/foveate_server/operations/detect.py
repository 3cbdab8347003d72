"""Detect: where the faces are."""

from __future__ import annotations

from collections.abc import Mapping

from foveate_server.engines.contract import Engine
from foveate_server.operations.contract import Context, Item, ItemResult, JobRequest, Plan, WindowData
from foveate_server.operations.face import find
from foveate_server.operations.parameters import common_parameters
from foveate_shared.wire.protocol import JsonObject, Outcome


class Detect:
    """Item `detect` tells all faces; in large documents, items that look at parts come before it."""

    name = "detect"
    title = "Find faces"
    schema = common_parameters.schema(min_score=common_parameters.MIN_SCORE)

    def plan(self, request: JobRequest) -> Plan:
        """See operations.contract.Operation. Raises InputError for a region that is empty or not in the document."""
        return Plan("document", request.extent, "Find the faces.", (find.first_item(request),))

    def run(
        self, request: JobRequest, item: Item, windows: Mapping[str, WindowData], engine: Engine, context: Context
    ) -> ItemResult:
        """See operations.contract.Operation."""
        faces, following = find.search(request, item, windows, engine, context)
        if following is not None:
            return ItemResult(Outcome(item.id, "done"), (following,))
        found: JsonObject = {"faces": [find.to_json(face) for face in faces]}
        return ItemResult(Outcome(item.id, "done", find.sentence(len(faces)), found))
