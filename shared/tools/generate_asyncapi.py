"""Write shared/asyncapi.yaml from the dataclasses of the protocol: python shared/tools/generate_asyncapi.py.

A test fails where the file and the code differ. Descriptions are the classes' docstrings and the fields' comments.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import types
import typing
from enum import Enum
from pathlib import Path
from typing import Any

import yaml

from foveate_shared.errors import ErrorCode, ErrorInfo
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.i18n.sentence import Sentence
from foveate_shared.wire import protocol as p
from foveate_shared.wire import rules
from foveate_shared.wire.codec import KEYS
from foveate_shared.wire.strict_json import MAX_INTEGER

TARGET = Path(__file__).parents[1] / "asyncapi.yaml"

Schema = dict[str, Any]

JOB: Schema = {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", "maxLength": 36}
NAME: Schema = {"type": "string", "minLength": 1, "maxLength": rules.MAX_NAME, "pattern": r"^[^\u0000-\u001f\u007f]*$"}
TEXT: Schema = {"type": "string", "maxLength": p.MAX_TEXT}
COUNT: Schema = {"type": "integer", "minimum": 0, "maximum": MAX_INTEGER}
POSITIVE: Schema = {**COUNT, "minimum": 1}
INTEGER: Schema = {**COUNT, "minimum": -MAX_INTEGER}
SIDE: Schema = {**POSITIVE, "maximum": rules.MAX_SIDE}
SPAN: Schema = {**SIDE, "minimum": 0}  # of bounds, which may be empty
NUMBER: Schema = {"type": "number"}
NOT_NEGATIVE: Schema = {"type": "number", "minimum": 0}
OBJECT: Schema = {"type": "object", "maxProperties": p.MAX_LIST}
SENTENCE_KEY: Schema = {
    "type": "object",
    "description": "What a sentence was made of: English with {names}, and the value of each name. `text` is the"
    " finished English of a sentence within another.",
    "properties": {
        "text": TEXT,
        "key": TEXT,
        "values": {
            **OBJECT,
            "additionalProperties": {
                "anyOf": [
                    TEXT,
                    INTEGER,
                    {"allOf": [{"$ref": "#/components/schemas/SentenceKey"}], "required": ["text"]},
                ]
            },
        },
    },
    "required": ["key", "values"],
}

SCALARS: dict[Any, Schema] = {bool: {"type": "boolean"}, int: INTEGER, float: NUMBER, str: TEXT}

BY_NAME: dict[str, Schema] = {  # fields that mean the same wherever they stand
    "job": JOB,
    "seq": POSITIVE,
    "request": COUNT,
    "receive_window": POSITIVE,
}
BY_FIELD: dict[tuple[type, str], Schema] = {
    (p.Blob, "id"): {**POSITIVE, "maximum": rules.MAX_BLOB_ID},
    (p.Blob, "size"): COUNT,
    (p.Blob, "sha256"): {"type": "string", "pattern": "^[0-9a-f]{64}$", "maxLength": 64},
    (p.Profile, "space"): NAME,
    (p.NamedPicture, "name"): NAME,
    (p.NamedPicture, "sha256"): {"type": "string", "pattern": "^[0-9a-f]{64}$", "maxLength": 64},
    (p.PictureHash, "name"): NAME,
    (p.PictureHash, "sha256"): {"type": "string", "pattern": "^[0-9a-f]{64}$", "maxLength": 64},
    (p.NamedPicture, "extent"): {"type": "array", "minItems": 2, "maxItems": 2, "items": [SPAN, SPAN]},
    (p.WindowRequest, "id"): NAME,
    (p.WindowRequest, "source"): NAME,
    (p.Outcome, "item"): NAME,
    (p.Outcome, "status"): {"enum": list(rules.OUTCOME_STATUSES)},
    (p.Peer, "name"): NAME,
    (p.Peer, "version"): NAME,
    (p.OperationInfo, "name"): NAME,
    (p.ModelInfo, "name"): NAME,
    (p.ModelInfo, "kind"): NAME,
    (p.ModelInfo, "fits"): {"type": "array", "items": NAME, "maxItems": p.MAX_LIST},
    (p.ModelInfo, "scale"): POSITIVE,
    (p.JobSummary, "state"): {"enum": list(rules.JOB_STATES)},
    (p.JobSummary, "position"): POSITIVE,
    (p.JobSummary, "created"): NOT_NEGATIVE,
    (p.ExpiredJob, "created"): NOT_NEGATIVE,
    (p.JobSummary, "seq"): COUNT,
    (p.JobSummary, "fraction"): {"type": "number", "minimum": 0, "maximum": 1},
    (p.JobSummary, "seconds_left"): NOT_NEGATIVE,
    (p.Hello, "versions"): {"type": "array", "items": POSITIVE, "minItems": 1, "maxItems": p.MAX_LIST},
    (p.Hello, "client_id"): NAME,
    (p.Hello, "features"): {"type": "array", "items": NAME, "maxItems": p.MAX_LIST},
    (p.Welcome, "version"): POSITIVE,
    (p.Welcome, "features"): {"type": "array", "items": NAME, "maxItems": p.MAX_LIST},
    (p.Submit, "operation"): NAME,
    (p.Window, "window"): NAME,
    (p.Resume, "since"): COUNT,
    (p.Credit, "bytes"): POSITIVE,
    (p.Planned, "frame"): {"enum": list(rules.FRAMES)},
    (p.Planned, "kind"): NAME,
    (p.Queued, "position"): POSITIVE,
    (p.Started, "item"): NAME,
    (p.Progress, "fraction"): {"type": "number", "minimum": 0, "maximum": 1},
    (p.Progress, "step"): COUNT,
    (p.Progress, "steps"): COUNT,
    (p.Progress, "seconds_left"): NOT_NEGATIVE,
    (p.Planned, "seconds"): NOT_NEGATIVE,
    (p.Patch, "item"): NAME,
    (p.SelectionPatch, "item"): NAME,
    (p.Reported, "item"): NAME,
    (p.FileMade, "item"): NAME,
    (p.FileMade, "name"): {
        **NAME,
        "pattern": r"^(?!(?:[Cc][Oo][Nn]|[Pp][Rr][Nn]|[Aa][Uu][Xx]|[Nn][Uu][Ll]|[Cc][Oo][Mm]\d|[Ll][Pp][Tt]\d)(?:\.|$))"
        r'(?![.~ -])[^/\\:*?"<>|\u0000-\u001f\u007f]*(?<![. ])$',
    },
    (p.FileMade, "media_type"): NAME,
    **{(p.Limits, field.name): POSITIVE for field in dataclasses.fields(p.Limits)},
}
LISTS: dict[type, list[Schema]] = {Extent: [SIDE, SIDE], Bounds: [INTEGER, INTEGER, SPAN, SPAN]}


class Schemas:
    """The schemas of all classes that were asked for, by name."""

    def __init__(self) -> None:
        self.by_name: dict[str, Schema] = {"SentenceKey": SENTENCE_KEY}

    def reference(self, cls: Any) -> Schema:
        """Return a reference to the schema of a class, which is made where it is not there."""
        if cls.__name__ not in self.by_name:
            self.by_name[cls.__name__] = {}  # takes its place before the classes inside it
            self.by_name[cls.__name__] = self._of_class(cls)
        return {"$ref": f"#/components/schemas/{cls.__name__}"}

    def _of_class(self, cls: Any) -> Schema:
        if cls in LISTS:
            names = ", ".join(field.name for field in dataclasses.fields(cls))
            return _list_of(LISTS[cls], f"{inspect.getdoc(cls)} On the wire: [{names}].")
        if issubclass(cls, Enum):
            return _enum(cls)
        return self._of_dataclass(cls)

    def _of_dataclass(self, cls: Any) -> Schema:
        hints = typing.get_type_hints(cls, localns={"Json": p.Json})
        comments = field_comments(cls)
        is_message = hasattr(cls, "TYPE")
        properties: Schema = {"type": {"const": cls.TYPE}} if is_message else {}
        required = ["type"] if is_message else []
        for field in dataclasses.fields(cls):
            special = BY_FIELD.get((cls, field.name)) or BY_NAME.get(field.name)
            schema = self._of_hint(hints[field.name], special)
            if comment := comments.get(field.name):
                schema = (
                    {**schema, "description": comment}
                    if "$ref" not in schema
                    else {"allOf": [schema], "description": comment}
                )
            properties[field.name] = schema
            if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
                required.append(field.name)
        if sentences := [name for name, hint in hints.items() if Sentence in typing.get_args(hint)]:
            keys = {name: {"$ref": "#/components/schemas/SentenceKey"} for name in sentences}
            properties[KEYS] = {**OBJECT, "properties": keys, "description": "see PROTOCOL.md, Sentences"}
        schema = {"type": "object", "description": inspect.getdoc(cls), "properties": properties, "required": required}
        return {**schema, **EXTRA.get(cls, {})}

    def _of_hint(self, hint: Any, special: Schema | None) -> Schema:
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if Sentence in arguments:
            return dict(TEXT)
        if origin in (typing.Union, types.UnionType):
            (inner,) = (argument for argument in arguments if argument is not type(None))
            return {"anyOf": [self._of_hint(inner, special), {"type": "null"}]}
        if special:
            return dict(special)
        if origin is tuple:
            return {"type": "array", "items": self._of_hint(arguments[0], None), "maxItems": p.MAX_LIST}
        if origin is dict:
            return dict(OBJECT)
        return dict(SCALARS[hint]) if hint in SCALARS else self.reference(hint)


EXTRA: dict[type, Schema] = {  # what relates several fields, as far as a schema can say it
    p.Profile: {
        "oneOf": [
            {"required": [name], "properties": {name: {"not": {"type": "null"}}, other: {"type": "null"}}}
            for name, other in (("space", "icc"), ("icc", "space"))
        ]
    }
}


def field_comments(cls: type) -> dict[str, str]:
    """Return the comments behind the fields of a class, which give units and frames of reference."""
    pattern = re.compile(r"^    (\w+): [^#\n]*?  # (.+)$", re.MULTILINE)
    return dict(pattern.findall(inspect.getsource(cls)))


def _described(schema: Schema, comment: str | None) -> Schema:
    if not comment:
        return schema
    return {**({"allOf": [schema]} if "$ref" in schema else schema), "description": comment}


def _list_of(schemas: list[Schema], description: str) -> Schema:
    """Return the schema of a list of fixed length, as JSON Schema draft 7 says it, on which AsyncAPI stands."""
    count = len(schemas)
    return {
        "type": "array",
        "description": description,
        "minItems": count,
        "maxItems": count,
        "items": [dict(schema) for schema in schemas],
    }


def _enum(cls: type[Enum]) -> Schema:
    values = [member.value for member in cls]
    if cls is ErrorCode:  # open: a newer server may send more of them
        return {"type": "string", "description": f"{inspect.getdoc(cls)} Known: {', '.join(values)}."}
    return {"enum": values, "description": inspect.getdoc(cls)}


def document() -> Schema:
    """Return the AsyncAPI document."""
    schemas = Schemas()
    messages: Schema = {}
    for cls in (*p.CLIENT_MESSAGES, *p.SERVER_MESSAGES):
        messages[cls.__name__] = {
            "name": cls.TYPE,
            "summary": (inspect.getdoc(cls) or "").split("\n")[0],
            "contentType": "application/json",
            "payload": schemas.reference(cls),
        }
    schemas.reference(ErrorInfo)
    messages["Chunk"] = {
        "name": "chunk",
        "summary": "A part of a blob: a binary frame, see PROTOCOL.md.",
        "contentType": "application/octet-stream",
        "payload": {"type": "string", "format": "binary", "maxLength": 16 + p.MAX_CHUNK_BYTES},
    }
    both = {cls.__name__ for cls in p.CLIENT_MESSAGES} | {cls.__name__ for cls in p.SERVER_MESSAGES} | {"Chunk"}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Foveate protocol",
            "version": f"{p.PROTOCOL_VERSION}.0.0",
            "license": {"name": "GPL-3.0-or-later"},
            "description": "Generated by tools/generate_asyncapi.py from protocol.py. PROTOCOL.md is normative.",
        },
        "defaultContentType": "application/json",
        "servers": {
            "local": {
                "host": "127.0.0.1",
                "protocol": "ws",
                "security": [{"$ref": f"#/components/securitySchemes/{name}"} for name in ("proof", "token")],
            }
        },
        "channels": {
            "socket": {
                "address": p.PATH,
                "description": f"One websocket per client; subprotocol {p.SUBPROTOCOL}.",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in sorted(both)},
                "bindings": {"ws": {"method": "GET", "bindingVersion": "0.1.0"}},
            }
        },
        "operations": {
            "receive": _operation("receive", "What a client sends and the server receives.", p.CLIENT_MESSAGES),
            "send": _operation("send", "What the server sends.", p.SERVER_MESSAGES),
        },
        "components": {
            "messages": messages,
            "schemas": schemas.by_name,
            "securitySchemes": {
                "proof": {
                    "type": "http",
                    "scheme": "foveate",
                    "description": "Server and client prove to each other that they know the token (PROTOCOL.md).",
                },
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "What clients did before, and tools that know no proof still may.",
                },
            },
        },
    }


def _operation(action: str, summary: str, classes: tuple[Any, ...]) -> Schema:
    names = [*(cls.__name__ for cls in classes), "Chunk"]
    return {
        "action": action,
        "channel": {"$ref": "#/channels/socket"},
        "summary": summary,
        "messages": [{"$ref": f"#/channels/socket/messages/{name}"} for name in names],
    }


class _Dumper(yaml.SafeDumper):
    """Writes each value in full: anchors would be harder to read than repetition."""

    def ignore_aliases(self, data: Any) -> bool:
        """Tell that nothing is to be shared."""
        return True


def text() -> str:
    """Return the text of asyncapi.yaml."""
    return yaml.dump(document(), Dumper=_Dumper, sort_keys=False, width=120, allow_unicode=True)


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
