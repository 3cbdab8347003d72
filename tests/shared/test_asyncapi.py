"""asyncapi.yaml against the code and the conformance corpus."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import types
import typing
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

from foveate_shared.i18n.sentence import Sentence
from foveate_shared.wire.protocol import CLIENT_MESSAGES, PATH, SERVER_MESSAGES, Json

ROOT = Path(__file__).parents[2]
DOCUMENT = yaml.load((ROOT / "shared" / "asyncapi.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader)
MESSAGES = tuple(dict.fromkeys((*CLIENT_MESSAGES, *SERVER_MESSAGES)))
NAMES = {"Json": Json}  # names itself
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]

# What relates several fields, or is not regular, is said in PROTOCOL.md alone.
BEYOND_A_SCHEMA = {
    "extent with a fraction",  # 1.0 is a whole number to JSON Schema
    "empty ICC profile",
    "blob of another size than its pixels",
    "coverage with three channels",
    "coverage of f16",
    "coverage of another extent",
    "window without area",
    "window larger than its bounds",
    "preview of nothing",
    "patch of another extent than its pixels",
    "selection of three channels",
    "selection of another extent than its bounds",
}


def load(name: str) -> list[dict[str, Any]]:
    cases = json.loads((ROOT / "tests" / "conformance" / name).read_text(encoding="utf-8"))
    assert isinstance(cases, list)
    return cases


def validator(type_name: str) -> Draft7Validator:
    (name,) = (cls.__name__ for cls in MESSAGES if type_name == cls.TYPE)
    registry = Registry().with_resource("doc:", Resource.from_contents(DOCUMENT, default_specification=DRAFT7))
    return Draft7Validator({"$ref": f"doc:#/components/schemas/{name}"}, registry=registry)


def dataclasses_in(hint: Any) -> set[type]:
    """Return the dataclasses that a type hint mentions, and those inside them."""
    if typing.get_origin(hint) is not None:
        return set().union(*(dataclasses_in(argument) for argument in typing.get_args(hint)))
    if not (isinstance(hint, type) and dataclasses.is_dataclass(hint)):
        return set()
    return {hint}.union(*(dataclasses_in(inner) for inner in typing.get_type_hints(hint, localns=NAMES).values()))


def is_optional(hint: Any) -> bool:
    return typing.get_origin(hint) in (typing.Union, types.UnionType) and type(None) in typing.get_args(hint)


WRITTEN_AS_OBJECTS = sorted(
    (cls for cls in set().union(*map(dataclasses_in, MESSAGES)) if cls.__name__ not in ("Extent", "Bounds")),
    key=lambda cls: cls.__name__,
)


def test_the_file_is_as_generated() -> None:
    path = ROOT / "shared" / "tools" / "generate_asyncapi.py"
    spec = importlib.util.spec_from_file_location("generate_asyncapi", path)
    assert spec
    assert spec.loader
    generator = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generator)
    assert generator.text() == (ROOT / "shared" / "asyncapi.yaml").read_text(encoding="utf-8"), (
        "the protocol changed: run python shared/tools/generate_asyncapi.py"
    )


def test_every_schema_is_one() -> None:
    for schema in SCHEMAS.values():
        Draft7Validator.check_schema(schema)


@pytest.mark.parametrize("cls", WRITTEN_AS_OBJECTS, ids=lambda cls: cls.__name__)
def test_every_field_is_described(cls: Any) -> None:
    schema = SCHEMAS[cls.__name__]
    fields = {field.name: field for field in dataclasses.fields(cls)}
    hints = typing.get_type_hints(cls, localns=NAMES)
    sentences = {name for name in fields if Sentence in typing.get_args(hints[name])}
    assert set(schema["properties"]) - {"type"} == set(fields) | ({"keys"} if sentences else set())
    assert set(schema["properties"].get("keys", {}).get("properties", ())) == sentences
    needed = {
        name
        for name, field in fields.items()
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    }
    assert set(schema["required"]) - {"type"} == needed
    for name, hint in hints.items():
        if name in fields:
            assert ("anyOf" in schema["properties"][name]) == is_optional(hint), name


def test_every_message_has_its_place() -> None:
    assert DOCUMENT["asyncapi"] == "3.0.0"
    channel = DOCUMENT["channels"]["socket"]
    assert channel["address"] == PATH
    for action, classes in (("receive", CLIENT_MESSAGES), ("send", SERVER_MESSAGES)):
        named = {entry["$ref"].split("/")[-1] for entry in DOCUMENT["operations"][action]["messages"]}
        assert named == {cls.__name__ for cls in classes} | {"Chunk"}
        assert named <= set(channel["messages"])
    for cls in MESSAGES:
        assert DOCUMENT["components"]["messages"][cls.__name__]["name"] == cls.TYPE
        assert SCHEMAS[cls.__name__]["properties"]["type"] == {"const": cls.TYPE}


def test_every_reference_leads_somewhere() -> None:
    def references(value: Any) -> set[str]:
        if isinstance(value, list):
            return set().union(*map(references, value))
        if isinstance(value, dict):
            own = {value["$ref"]} if "$ref" in value else set()
            return own.union(*map(references, value.values()))
        return set()

    for reference in references(DOCUMENT):
        target = DOCUMENT
        for key in reference.removeprefix("#/").split("/"):
            target = target[key]


@pytest.mark.parametrize("case", load("valid.json"), ids=lambda case: case["name"])
def test_valid_frames_fit_their_schemas(case: dict[str, Any]) -> None:
    frame = json.loads(case["text"])
    validator(frame["type"]).validate(frame)


def test_invalid_frames_do_not() -> None:
    accepted = set()
    for case in load("invalid.json"):
        if "text" not in case:
            continue
        try:
            frame = json.loads(case["text"])
            type_name = frame["type"]
        except (ValueError, TypeError, KeyError):
            continue
        if case["code"] == "protocol_error" and isinstance(type_name, str) and validator(type_name).is_valid(frame):
            accepted.add(case["name"])
    assert accepted - {"a name twice", "half of a surrogate pair"} == BEYOND_A_SCHEMA
