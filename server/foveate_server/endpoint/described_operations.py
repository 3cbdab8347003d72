"""Operations as clients see them."""

from __future__ import annotations

from typing import Any

from foveate_server.operations.operation import Operation
from foveate_server.operations.parameters.roles import PRESET, Roles
from foveate_server.presets import Presets
from foveate_shared.wire.protocol import JsonObject, OperationInfo, as_object
from foveate_shared.wire.schema_words import PRESETS


def described(operation: Operation[Any], presets: Presets) -> OperationInfo:
    """Return an operation as clients see it, with the presets that there are today."""
    schema = operation.parameters.schema
    properties, offered = as_object(schema.get("properties")), list(presets.described())
    told: JsonObject = {
        name: {**as_object(properties[name]), PRESETS: list(offered)} for name in Roles.of(schema).names(PRESET)
    }
    schema = {**schema, "properties": {**properties, **told}}
    return OperationInfo(operation.name, operation.title, schema)
