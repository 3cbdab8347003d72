"""An operation: what it is called, what it can be told, and its two steps. See operations.contract for their values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

from foveate_server.models.model_requirement import ModelRequirement
from foveate_server.operations.contract import ItemResult, JobRequest, Plan
from foveate_server.operations.item_run import ItemRun
from foveate_server.operations.parameters.declaration import Declaration

Parameters = TypeVar("Parameters")


class Operation(Protocol[Parameters]):
    """One thing that the server can do."""

    name: str
    title: str
    parameters: Declaration[Parameters]

    def plan(self, request: JobRequest, parameters: Parameters) -> Plan:
        """Return the items to begin with. Pure geometry; raises InputError where the request makes no sense."""

    def run(self, run: ItemRun[Parameters]) -> ItemResult:
        """Carry out one item, in the worker. Raises FoveateError; anything else counts as our bug."""


def models_taken(operations: Mapping[str, Operation[Any]]) -> Mapping[str, tuple[ModelRequirement, ...]]:
    """Return which models each of `operations` takes, by its name."""
    return {name: operation.parameters.models for name, operation in operations.items()}
