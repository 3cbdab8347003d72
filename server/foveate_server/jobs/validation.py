"""Whether a submitted job makes sense, before anything is stored."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from foveate_server.jobs.check_sources import check_sources
from foveate_server.jobs.job_request import request_of
from foveate_server.jobs.refuse_parameter import refusal
from foveate_server.jobs.resolve_parameters import LoadPresets, settle
from foveate_server.models.catalog import Catalog
from foveate_server.operations.contract import JobRequest, Plan
from foveate_server.operations.operation import Operation
from foveate_shared.errors import ErrorCode, InputError, ServerError
from foveate_shared.forms.picture_slots import result_kind
from foveate_shared.wire.protocol import DOCUMENT, JsonObject, Limits, Submit, as_object
from foveate_shared.wire.schema_words import DEFAULTS, KINDS


def check_submit(
    submit: Submit,
    profiles: Mapping[str, bytes],
    *,
    operations: Mapping[str, Operation[Any]],
    catalog: Catalog,
    limits: Limits,
    presets: LoadPresets,
    safety: str = "off",
) -> tuple[JobRequest, tuple[str, ...]]:
    """Return what `submit` asks for, with all that it leaves open settled, and sentences about it for its owner.

    Raises InputError with the sentence that its owner should read.
    """
    operation = operations.get(submit.operation)
    if operation is None:
        raise InputError(
            "There is no operation named {name!r}.",
            code=ErrorCode.UNKNOWN_OPERATION,
            remedy="This server offers {names}.",
            name=submit.operation,
            names=", ".join(sorted(operations)),
        )
    check_sources(submit, operation, limits)
    check_parameters(operation.parameters.schema, submit.parameters)  # what the client itself wrote
    settled = settle(operation, submit.parameters, catalog, presets)
    kind = settled.model.kind if settled.model else None
    complete = check_parameters(operation.parameters.schema, settled.parameters, kind)
    request = request_of(submit, profiles, complete, settled.model, safety)
    return request, settled.notes


def check_parameters(schema: JsonObject, parameters: JsonObject, kind: str | None = None) -> JsonObject:
    """Return `parameters` with the schema's defaults for a `kind` of model filled in.

    Raises InputError where they break the schema.
    """
    complete = with_defaults(schema, parameters, kind)
    error = best_match(Draft202012Validator(schema).iter_errors(complete))
    if error is not None:
        raise refusal(error)
    return complete


def with_defaults(schema: JsonObject, parameters: JsonObject, kind: str | None = None) -> JsonObject:
    """Return `parameters` with what the schema's properties name as default, also in nested objects.

    That is `default`, or what `x-defaults` says for a `kind` of model; what `x-kinds` keeps from that kind has none.
    """
    complete = dict(parameters)
    for name, property_schema in _properties(schema).items():
        if not isinstance(property_schema, dict):
            continue
        if name not in complete and _is_known(property_schema, kind):
            by_kind = property_schema.get(DEFAULTS)
            if isinstance(by_kind, dict) and kind in by_kind:
                complete[name] = copy.deepcopy(by_kind[kind])
            elif "default" in property_schema:
                complete[name] = copy.deepcopy(property_schema["default"])
        value = complete.get(name)
        if isinstance(value, dict):
            complete[name] = with_defaults(property_schema, value, kind)
    return complete


def _is_known(schema: JsonObject, kind: str | None) -> bool:
    kinds = schema.get(KINDS)
    return not isinstance(kinds, list) or kind in kinds


def check_plan(plan: Plan, operation: Operation[Any], request: JobRequest) -> None:
    """Raise ServerError where an operation's plan breaks its contract."""
    names = [item.id for item in plan.items]
    if not names or len(set(names)) != len(names):
        raise ServerError("The operation's plan has no items, or two of one name.", remedy="Please report this.")
    if not all(0 < item.weight < math.inf and 0 <= item.brings < math.inf for item in plan.items):
        raise ServerError(
            "The operation's plan has an item that takes no time, or brings less than none.",
            remedy="Please report this.",
        )
    sources = {window.source for item in plan.items for window in item.windows}
    if not sources <= {DOCUMENT, *request.pictures}:
        raise ServerError("The operation wants to see a picture that the job has not.", remedy="Please report this.")
    if plan.kind != result_kind(operation.parameters.schema):
        raise ServerError("The operation plans another kind of result than it declares.", remedy="Please report this.")


def _properties(schema: JsonObject) -> JsonObject:
    return as_object(schema.get("properties"))
