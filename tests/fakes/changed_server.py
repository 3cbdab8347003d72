"""A server like ours whose operations say something else, and which has one more: `python -m fakes.changed_server`.

What a client shows of it comes from its schemas, or the client repeats what it should not know.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from foveate_server import app
from foveate_server.config.server_config import ServerConfig, load_config
from foveate_server.engines.engine_specs import engine_of
from foveate_server.models.model_requirement import ModelRequirement
from foveate_server.net.run_service import ServedApplication, run_service
from foveate_server.operations.operation import Operation
from foveate_server.operations.parameters.declaration import Declaration
from foveate_server.operations.registry import operations

# What our own operations say here: by operation, and by the place in its schema's properties.
CHANGES = {
    ("refocus", "strength", "maximum"): 0.9,
    ("refocus", "strength", "title"): "Force",
    ("faces", "min_score", "default"): 0.75,
    ("faces", "min_score", "minimum"): 0.3,
    ("upscale", "scale", "enum"): [2, 3, 4, 6],
    ("fill", "start", "enum"): ["fill", "original", "noise", "blur"],
    ("fill", "extend", "properties", "left", "maximum"): 20000,
    ("compare", "variants", "maxItems"): 3,
}
TITLE = "Bring into focus"  # of refocus
OTHERS = {"type": "object", "additionalProperties": False}
SOFTEN = {  # the parameters of the operation that only this server knows
    "radius": {
        "type": "integer", "title": "Radius", "description": "How far it reaches, in pixels.", "minimum": 1,
        "maximum": 9, "default": 3, "x-level": "basic",
    },
    "shape": {"type": "string", "title": "Shape", "enum": ["round", "square"], "default": "round", "x-level": "basic"},
    "softness": {"type": "number", "title": "Softness", "minimum": 0, "maximum": 5},
    "edges": {"type": "boolean", "title": "Edges", "default": False},
    "levels": {"type": "array", "title": "Levels", "items": {"type": "integer", "minimum": 1, "maximum": 8}},
    "label": {"type": "string", "title": "Label", "maxLength": 20},
    "force": {"type": "number", "title": "Force", "minimum": 0, "maximum": 1},
    "traces": {"type": "integer", "title": "Traces", "x-level": "replay"},
}  # fmt: skip


@dataclass(frozen=True)
class Restated:
    """What a declaration reads, described otherwise."""

    schema: dict[str, Any]
    declared: Declaration[Any]
    models: tuple[ModelRequirement, ...] = ()

    def parse(self, told: dict[str, Any]) -> Any:
        return self.declared.parse(told)


class Changed:
    """An operation that describes itself otherwise, and works as it did."""

    def __init__(self, operation: Operation[Any], **changes: Any) -> None:
        self._operation = operation
        for name, value in changes.items():
            setattr(self, name, value)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._operation, name)


def changed_operations() -> Mapping[str, Any]:
    """Return the operations of this server by name."""
    known = dict(operations())
    schemas = {name: copy.deepcopy(operation.parameters.schema) for name, operation in known.items()}
    for (name, *path, last), value in CHANGES.items():
        place: Any = schemas[name]["properties"]
        for step in path:
            place = place[step]
        assert place[last] != value
        place[last] = value
    titles = {"refocus": TITLE}
    changed = {
        name: Changed(
            operation,
            parameters=Restated(schemas[name], operation.parameters, operation.parameters.models),
            title=titles.get(name, operation.title),
        )
        for name, operation in known.items()
    }
    parameters = Restated({**OTHERS, "properties": SOFTEN}, known["refocus"].parameters)
    soften = Changed(known["refocus"], name="soften", title="Soften", parameters=parameters)
    return {**changed, "soften": soften}


def build(config: ServerConfig, token: str) -> ServedApplication:
    """See net.run_service."""
    variants = app.Variants(operations=f"{__spec__.name if __spec__ else __name__}:changed_operations")
    made = app.create_app(config, engine_of(config), token=token, variants=variants)
    return ServedApplication(made, made.status)


if __name__ == "__main__":
    run_service(load_config(environment=os.environ), build, lambda _: None)
