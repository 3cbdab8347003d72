"""The operations that the server offers: ours, then those of other packages.

No torch, no onnxruntime: the server's own process plans with them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, cast

from foveate_server.entry_points import Registered, load
from foveate_server.models.entry import KINDS
from foveate_server.models.model_requirement import ModelRequirement
from foveate_server.operations.compare import Compare
from foveate_server.operations.detect import Detect
from foveate_server.operations.faces import Faces
from foveate_server.operations.fill import Fill
from foveate_server.operations.operation import Operation
from foveate_server.operations.parameters.declaration import Declaration
from foveate_server.operations.parameters.roles import MODEL, Roles
from foveate_server.operations.refocus import Refocus
from foveate_server.operations.upscale import Upscale
from foveate_shared.forms.picture_slots import picture_slots
from foveate_shared.wire.protocol import DOCUMENT, MAX_PICTURES, RENDERING_KINDS, JsonObject, as_object
from foveate_shared.wire.schema_words import NEEDS

GROUP = "foveate.operations"
_OWN: tuple[Operation[Any], ...] = (Refocus(), Faces(), Detect(), Upscale(), Fill(), Compare())
# Words of the command line that stand for no operation: one that is called so could not be reached there.
COMMANDS = frozenset(
    ("serve", "operations", "models", "presets", "plugins", "jobs", "replay", "status", "stop", "token")
)
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")  # a word of the command line, and of an editor's settings


def operations() -> Mapping[str, Operation[Any]]:
    """Return all operations by name."""
    return registered().values


@cache  # what is installed stays the same as long as a process runs
def registered() -> Registered[Operation[Any]]:
    """Return all operations, and what was left out."""
    return load(GROUP, _OWN, check, commands=COMMANDS)


def packages() -> Mapping[str, str]:
    """Return the packages that brought operations, by the operations' names."""
    return registered().packages


def check(value: object) -> Operation[Any]:
    """Return an operation that can be offered. Raises TypeError or ValueError, with the reason, where it is none."""
    name, title, parameters = (getattr(value, word, None) for word in ("name", "title", "parameters"))
    if isinstance(value, type) or not all(callable(getattr(value, step, None)) for step in ("plan", "run")):
        raise TypeError("an operation is a value with the methods plan and run")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name: small letters, digits, - and _")
    if not isinstance(title, str) or not title.strip():
        raise ValueError("it has no title")
    if not isinstance(parameters, Declaration):
        raise TypeError("its parameters are no Declaration")
    _check_schema(parameters.schema)
    _check_pictures(parameters.schema)
    _check_models(parameters)
    return cast("Operation[Any]", value)


def _check_pictures(schema: JsonObject) -> None:
    """Raise ValueError where a job's messages, or an editor, could not tell the pictures apart."""
    slots = picture_slots(schema)
    for slot in slots:
        if not _NAME.fullmatch(slot.name):
            raise ValueError(f"{slot.name!r} is no name of a picture: small letters, digits, - and _")
    names = [name.replace("_", "-") for slot in slots for name in slot.names]
    if DOCUMENT in names:
        raise ValueError(f"no picture can be called {DOCUMENT!r}: that is the document itself")
    if len(set(names)) < len(names):
        raise ValueError("two of its pictures have the same name; - and _ are no difference")
    if len(names) > MAX_PICTURES:
        raise ValueError(f"it takes more than {MAX_PICTURES} pictures")


def _check_models(parameters: Declaration[Any]) -> None:
    """Raise TypeError or ValueError where a job could not be given the models that are declared."""
    if not all(isinstance(each, ModelRequirement) for each in parameters.models):
        raise TypeError("its models are no ModelRequirement")
    taken = {each.kind for each in parameters.models}
    if not taken <= set(KINDS):
        raise ValueError(f"it takes models of an unknown kind; there are {', '.join(KINDS)}")
    needed = parameters.schema.get(NEEDS)
    if isinstance(needed, list) and not taken.issuperset(needed):
        raise ValueError(f"it needs a model of a kind that it does not take: {', '.join(map(str, needed))}")
    if taken.intersection(RENDERING_KINDS) and MODEL not in Roles.of(parameters.schema):
        raise ValueError(f"it takes models, and none of its parameters has the role {MODEL}")


def _check_schema(schema: JsonObject) -> None:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - a tenth of a worker's start, and packages' alone
    from jsonschema.exceptions import SchemaError  # noqa: PLC0415

    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        place = ".".join(str(part) for part in error.absolute_path) or "its schema"
        raise ValueError(f"{place} is no JSON Schema: {error.message}") from None
    for name, each in as_object(schema.get("properties")).items():
        if not as_object(each).get("title"):
            raise ValueError(f"the parameter {name} has no title")
        if "default" in as_object(each) and not Draft202012Validator(as_object(each)).is_valid(
            as_object(each)["default"]
        ):
            raise ValueError(f"the default of {name} does not fit its own limits")
