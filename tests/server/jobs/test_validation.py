"""Parameters against their schema, with defaults."""

import pytest

from foveate_server.jobs.validation import check_parameters, with_defaults
from foveate_server.operations.registry import operations
from foveate_shared.errors import ErrorCode, InputError

SCHEMA = {
    "type": "object",
    "properties": {
        "strength": {"type": "number", "minimum": 0, "maximum": 1, "default": 1},
        "only": {"type": "array", "items": {"type": "integer"}, "default": []},
        "pinned": {"type": "object", "properties": {"tile": {"type": "integer", "default": 64}}},
    },
    "additionalProperties": False,
}


def test_defaults_are_filled_in_where_nothing_is_said():
    assert with_defaults(SCHEMA, {}) == {"strength": 1, "only": []}
    assert with_defaults(SCHEMA, {"strength": 0, "pinned": {}}) == {"strength": 0, "only": [], "pinned": {"tile": 64}}


def test_defaults_are_nobody_s_to_change():
    with_defaults(SCHEMA, {})["only"].append(1)
    assert with_defaults(SCHEMA, {})["only"] == []


@pytest.mark.parametrize(
    ("parameters", "place"),
    [
        ({"strength": 2}, "The parameter strength: "),
        ({"strength": "x" * 10_000}, "The parameter strength: "),
        ({"only": [1, "b"]}, "The parameter only.1: "),
        ({"pinned": {"tile": 1.5}}, "The parameter pinned.tile: "),
        ({"sharpness": 1}, "The parameters: "),
    ],
)
def test_a_wrong_parameter_is_named(parameters, place):
    with pytest.raises(InputError) as caught:
        check_parameters(SCHEMA, parameters)
    info = caught.value.info
    assert info.code is ErrorCode.INVALID_PARAMETER
    assert info.message.startswith(place)
    assert len(info.message) < 300
    assert "only, pinned, strength" in info.remedy


def test_all_our_operations_have_schemas_that_accept_their_defaults():
    for operation in operations().values():
        complete = check_parameters(operation.parameters.schema, {})
        assert check_parameters(operation.parameters.schema, complete) == complete
