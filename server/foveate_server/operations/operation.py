"""An operation: what it is called, what it can be told, and its two steps. See operations.contract for their values."""

from __future__ import annotations

from typing import Protocol

from foveate_server.operations.contract import ItemResult, JobRequest, Plan
from foveate_server.operations.item_run import ItemRun
from foveate_shared.wire.protocol import JsonObject


class Operation(Protocol):
    """One thing that the server can do."""

    name: str
    title: str
    schema: JsonObject  # JSON Schema (2020-12 subset) of the parameters object, with defaults and descriptions

    def plan(self, request: JobRequest) -> Plan:
        """Return the items to begin with. Pure geometry; raises InputError where the request makes no sense."""

    def run(self, run: ItemRun) -> ItemResult:
        """Carry out one item, in the worker. Raises FoveateError; anything else counts as our bug."""
