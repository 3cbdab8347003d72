"""What the procedures take before any server was seen: names and types alone, for GIMP asks before one runs.

No limit, no default and no choice stands here: the server tells them, and what is said is checked there.
"""

from __future__ import annotations

from ._shared import protocol, schema_words

_TYPES = {
    "strength": "number",
    "guidance_scale": "number",
    "min_score": "number",
    "scale": "integer",
    "num_inference_steps": "integer",
    "seed": "string",  # more digits than GIMP's numbers have
}
_BASIC = ("prompt", "negative_prompt", "preset", "strength", "scale", "target", "start", "only")
_OF_CHECKPOINTS = ("prompt", "negative_prompt", "preset")
_SAMPLING = ("seed", "num_inference_steps", "guidance_scale", "scheduler", "loras", "model")
_SIDES = {side: {"type": "integer", "title": side.capitalize()} for side in ("left", "top", "right", "bottom")}


def _info(name: str, *own: str) -> protocol.OperationInfo:
    properties: protocol.JsonObject = {
        each: {
            "type": _TYPES.get(each, "string"),
            "title": each.replace("_", " ").capitalize(),
            schema_words.LEVEL: schema_words.BASIC if each in _BASIC else schema_words.ADVANCED,
        }
        for each in (*_OF_CHECKPOINTS, *own, *_SAMPLING)
    }
    if "extend" in properties:
        properties["extend"] = {"type": "object", "title": "Extend", "properties": dict(_SIDES)}
    return protocol.OperationInfo(name, name.capitalize(), {"properties": properties})


FIRST = (
    _info("refocus", "strength"),
    _info("faces", "strength", "only", "min_score"),
    _info("upscale", "scale", "target", "strength"),
    _info("fill", "strength", "start", "extend"),
    _info("compare", "variants", "strength"),
)
