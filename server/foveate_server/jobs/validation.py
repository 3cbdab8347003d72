"""Whether a submitted job makes sense, before anything is stored."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from foveate_server.imaging.spaces import GRAY_SPACES, RGB_SPACES
from foveate_server.operations.base import JobRequest, Operation, Plan
from foveate_shared.errors import ErrorCode, InputError, ServerError
from foveate_shared.protocol import Document, JsonObject, Limits, ModelInfo, Selection, Submit


def check_submit(
    submit: Submit,
    icc: bytes | None,
    *,
    operations: Mapping[str, Operation],
    models: Sequence[ModelInfo],
    limits: Limits,
) -> JobRequest:
    """Return what `submit` asks for, with the parameters' defaults filled in.

    Raises InputError with the sentence that its owner should read.
    """
    operation = operations.get(submit.operation)
    if operation is None:
        raise InputError(
            f"There is no operation named {submit.operation!r}.",
            code=ErrorCode.UNKNOWN_OPERATION,
            remedy=f"This server offers {', '.join(sorted(operations))}.",
        )
    _check_document(submit.document, limits)
    if submit.selection:
        _check_selection(submit.selection, submit.document)
    parameters = check_parameters(operation.schema, submit.parameters)
    _check_model(parameters.get("model"), submit.operation, models)
    return JobRequest(
        operation=submit.operation,
        parameters=parameters,
        extent=submit.document.extent,
        format=submit.document.format,
        space=submit.document.profile.space,
        icc=icc,
        selection=submit.selection,
    )


def check_parameters(schema: JsonObject, parameters: JsonObject) -> JsonObject:
    """Return `parameters` with the schema's defaults filled in. Raises InputError where they break it."""
    complete = with_defaults(schema, parameters)
    error = best_match(Draft202012Validator(schema).iter_errors(complete))
    if error is not None:
        raise InputError(
            f"{_place(error)}: {_reason(error)}.",
            remedy=f"Known parameters: {', '.join(sorted(_properties(schema)))}.",
        )
    return complete


def with_defaults(schema: JsonObject, parameters: JsonObject) -> JsonObject:
    """Return `parameters` with what the schema's properties name as `default`, also in nested objects."""
    complete = dict(parameters)
    for name, property_schema in _properties(schema).items():
        if not isinstance(property_schema, dict):
            continue
        if name not in complete and "default" in property_schema:
            complete[name] = copy.deepcopy(property_schema["default"])
        value = complete.get(name)
        if isinstance(value, dict):
            complete[name] = with_defaults(property_schema, value)
    return complete


def check_plan(plan: Plan) -> None:
    """Raise ServerError where an operation's plan breaks its contract."""
    names = [item.id for item in plan.items]
    if not names or len(set(names)) != len(names):
        raise ServerError("The operation's plan has no items, or two of one name.", remedy="Please report this.")


def _check_document(document: Document, limits: Limits) -> None:
    if document.extent.area > limits.max_document_pixels:
        raise InputError(
            f"The document has {document.extent.area:,} pixels; this server takes at most"
            f" {limits.max_document_pixels:,}.",
            code=ErrorCode.TOO_LARGE,
            remedy="Work on a part of it, or raise the server's limits.max_document_pixels.",
        )
    space = document.profile.space
    known = GRAY_SPACES if document.format.channels.is_gray else RGB_SPACES
    if space is not None and space not in known:
        raise InputError(
            f"The colour space {space!r} is not one for {document.format.channels.value} pixels.",
            code=ErrorCode.UNSUPPORTED_FORMAT,
            remedy=f"Send an ICC profile, or name one of {', '.join(sorted(known))}.",
        )


def _check_selection(selection: Selection, document: Document) -> None:
    if selection.bounds.is_empty:
        raise InputError(
            "The selected region is empty.", code=ErrorCode.INVALID_REGION, remedy="Select at least one pixel."
        )
    if not document.extent.bounds.contains(selection.bounds):
        raise InputError(
            "The selected region reaches beyond the document.",
            code=ErrorCode.INVALID_REGION,
            remedy=f"Stay within {document.extent.width} by {document.extent.height} pixels.",
        )


def _check_model(name: object, operation: str, models: Sequence[ModelInfo]) -> None:
    fitting = {model.name for model in models if operation in model.operations}
    if name is None or name in fitting:
        return
    raise InputError(
        f"There is no model named {name!r} for {operation}.",
        code=ErrorCode.UNKNOWN_MODEL,
        remedy=f"Models for it: {', '.join(sorted(fitting)) or 'none'}.",
    )


def _properties(schema: JsonObject) -> JsonObject:
    properties = schema.get("properties")
    return properties if isinstance(properties, dict) else {}


def _place(error: ValidationError) -> str:
    path = ".".join(str(part) for part in error.absolute_path)
    return f"The parameter {path}" if path else "The parameters"


def _reason(error: ValidationError) -> str:
    """Return the validator's reason, which quotes the client's value, cut to a readable length."""
    return error.message if len(error.message) <= 200 else f"{error.message[:200]}..."
