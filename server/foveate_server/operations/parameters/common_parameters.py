"""The parameters that operations share: their schemas, whose texts clients show to people, and their values."""

from __future__ import annotations

from typing import cast

from foveate_server.engines.values import Pinned
from foveate_server.operations.contract import JobRequest
from foveate_shared.pixels import SampleType
from foveate_shared.wire.protocol import JsonObject

LEVEL = "x-level"  # annotation: who needs a parameter
BASIC, ADVANCED, REPLAY = "basic", "advanced", "replay"  # everybody, who asks for more, recipes alone

STRENGTH: JsonObject = {
    LEVEL: BASIC,
    "type": "number",
    "title": "Strength",
    "description": "How much of the effect is applied: 0 leaves every pixel as it is, 1 is the full effect.",
    "minimum": 0,
    "maximum": 1,
    "default": 1,
}
MODEL: JsonObject = {
    LEVEL: BASIC,
    "type": "string",
    "title": "Model",
    "description": "The model, by its name. Without one, the default model for photos is used; with a prompt, the first"
    " checkpoint.",
    "minLength": 1,
    "maxLength": 128,
}
MIN_SCORE: JsonObject = {
    LEVEL: ADVANCED,
    "type": "number",
    "title": "Certainty",
    "description": "How certain the detector must be of a face. A lower value finds more, also what is none.",
    "minimum": 0.2,
    "maximum": 1,
    "default": 0.5,
}
EXACT: JsonObject = {
    LEVEL: ADVANCED,
    "type": "boolean",
    "title": "Exact",
    "description": "Compute in 32 bits for a document of 8 bits too: half as fast on a processor, without the "
    "rounding of 16 bits. Deeper documents are always computed so.",
    "default": False,
}
_PINNED: JsonObject = {  # property -> schema
    "dtype": {"type": "string", "title": "Precision", "enum": ["float32", "bfloat16", "float16"]},
    "tile": {"type": "integer", "title": "Tile, in pixels", "minimum": 16, "maximum": 65536},
    "threads": {"type": "integer", "title": "CPU threads", "minimum": 1, "maximum": 1024},
}
PINNED: JsonObject = {
    LEVEL: REPLAY,
    "type": "object",
    "title": "Pinned values",
    "description": "Values from a recipe that make its replay exact. Leave them out for new work.",
    "properties": {
        **_PINNED,
        "pictures": {"type": "integer", "title": "Variations at once", "minimum": 1, "maximum": 64},
        "models": {
            "type": "object",
            "title": "SHA-256 by model",
            "additionalProperties": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        },
    },
    "additionalProperties": False,
}


def strength_schema(*, diffusion: float) -> JsonObject:
    """Return the schema of a strength whose default is `diffusion` where a checkpoint does it."""
    return {
        **STRENGTH,
        "description": "How much of the effect is applied: 0 leaves every pixel as it is, 1 is the full effect. With a"
        " checkpoint: how far the result may depart from what is there.",
        "x-defaults": {"diffusion": diffusion},
    }


def pinned_schema(**others: str) -> JsonObject:
    """Return the schema of the pinned values of an operation that also asks `others` (name -> title) for something."""
    properties = cast("JsonObject", PINNED["properties"])
    more: JsonObject = {
        name: {"type": "object", "title": title, "properties": _PINNED, "additionalProperties": False}
        for name, title in others.items()
    }
    return {**PINNED, "properties": {**properties, **more}}


def schema(**properties: JsonObject) -> JsonObject:
    """Return the schema of a parameters object; whatever has no default may be left out."""
    return {"type": "object", "properties": dict(properties), "additionalProperties": False}


def strength(request: JobRequest, *, default: float = 1.0) -> float:
    """Return the wanted share of the effect, 0 to 1."""
    return _number(request, "strength", default)


def min_score(request: JobRequest) -> float:
    """Return how certain the detector must be, 0 to 1."""
    return _number(request, "min_score", 0.5)


def model(request: JobRequest) -> str | None:
    """Return the wanted model's name; None for the default one."""
    name = request.parameters.get("model")
    return None if name is None else str(name)


def pinned(request: JobRequest) -> Pinned:
    """Return the values that a recipe fixes."""
    values = cast("JsonObject", request.parameters.get("pinned") or {})
    dtype = values.get("dtype")
    numbers = {
        name: int(cast("int", values[name])) for name in ("tile", "threads", "pictures") if values.get(name) is not None
    }
    return Pinned(None if dtype is None else str(dtype), **numbers)


def needs_exact(request: JobRequest) -> bool:
    """Tell whether the network must not round in between: the document is deeper than 8 bits, or its owner asks."""
    return request.format.dtype is not SampleType.U8 or bool(request.parameters.get("exact"))


def _number(request: JobRequest, name: str, default: float) -> float:
    value = request.parameters.get(name)
    return default if value is None else float(cast("float", value))
