"""A declaration is a schema and reads values: types, limits, groups, objects, and what is absent."""

from dataclasses import dataclass
from typing import Annotated, Literal

import pytest
from jsonschema import Draft202012Validator

from foveate_server.operations.parameters.declaration import Declaration, group, limits, parameter, required

Side = Annotated[int, limits(minimum=1)]


@dataclass(frozen=True)
class Brush:
    name: str = required(minLength=1)
    width: float = parameter("Width", default=2)


@dataclass(frozen=True)
class Shared:
    share: float = parameter("Share", "How much.", default=1, minimum=0, maximum=1)
    exact: bool = parameter("Exact", default=False)


@dataclass(frozen=True)
class Entry:
    label: str = parameter("Label", absent="")


@dataclass(frozen=True)
class Values:
    shape: Literal["round", "square"] = parameter("Shape", default="round")
    shared: Shared = group(Shared)
    sides: tuple[Side, ...] = parameter("Sides", absent=(), maxItems=3)
    brush: Brush | None = parameter("Brush")
    hashes: dict[str, str] | None = parameter("Hashes")
    entries: tuple[dict, ...] = parameter("Entries", absent=(), entries=Entry)
    steps: int | None = parameter("Steps", level="advanced", kinds=("diffusion",), default_by_kind={"diffusion": 3})


DECLARED = Declaration(Values, {"x-result": "report"})


def test_the_schema_has_the_fields_in_their_order_and_a_groups_beside_them():
    schema = DECLARED.schema
    Draft202012Validator.check_schema(schema)
    names = ["shape", "share", "exact", "sides", "brush", "hashes", "entries", "steps"]
    assert list(schema["properties"]) == names
    assert schema["additionalProperties"] is False
    assert schema["x-result"] == "report"
    assert "required" not in schema


def test_types_become_words_of_json_schema():
    properties = DECLARED.schema["properties"]
    assert properties["shape"] == {"type": "string", "enum": ["round", "square"], "title": "Shape", "default": "round"}
    assert properties["sides"]["items"] == {"type": "integer", "minimum": 1}
    assert properties["brush"]["required"] == ["name"]
    assert properties["hashes"]["additionalProperties"] == {"type": "string"}
    assert properties["entries"]["items"]["properties"] == {"label": {"type": "string", "title": "Label"}}
    told = {"x-level": "advanced", "x-kinds": ["diffusion"], "x-defaults": {"diffusion": 3}}
    assert properties["steps"] == {"type": "integer", "title": "Steps", **told}


def test_what_is_told_is_read_by_its_type():
    read = DECLARED.parse(
        {"share": 0, "sides": [1, 2.0], "brush": {"name": "b", "width": 3}, "entries": [{"label": "x", "more": 1}]}
    )
    assert (read.shared.share, read.sides, read.brush) == (0.0, (1, 2), Brush("b", 3.0))
    assert isinstance(read.shared.share, float)
    assert all(isinstance(side, int) for side in read.sides)
    assert read.entries == ({"label": "x", "more": 1},)  # as it was said


def test_what_is_not_told_is_absent_or_has_its_default():
    read = DECLARED.parse({})
    assert read == Values()
    assert (read.shape, read.sides, read.brush, read.steps) == ("round", (), None, None)
    assert isinstance(read.shared.share, float)  # written as 1, as recipes have it


@pytest.mark.parametrize("kind", [complex, int | str, list])
def test_what_json_cannot_say_is_refused(kind):
    @dataclass(frozen=True)
    class Wrong:
        value: object = parameter("Value")

    Wrong.__annotations__["value"] = kind
    with pytest.raises(TypeError, match=r"type"):
        _ = Declaration(Wrong).schema
