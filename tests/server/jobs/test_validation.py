"""Parameters against their schema, with defaults."""

import pytest

from foveate_server.jobs.validation import check_parameters, with_defaults
from foveate_server.operations.registry import operations
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.i18n.translations import Texts

SCHEMA = {
    "type": "object",
    "properties": {
        "strength": {"type": "number", "minimum": 0, "maximum": 1, "default": 1},
        "only": {"type": "array", "items": {"type": "integer", "minimum": 1}, "maxItems": 4, "default": []},
        "mode": {"type": "string", "enum": ["hard", "firm"]},
        "exact": {"type": "boolean"},
        "label": {"type": "string", "maxLength": 100},
        "pinned": {
            "type": "object",
            "x-level": "replay",
            "properties": {"tile": {"type": "integer", "default": 64}},
            "additionalProperties": False,
        },
    },
    "additionalProperties": False,
}


def test_defaults_are_filled_in_where_nothing_is_said():
    assert with_defaults(SCHEMA, {}) == {"strength": 1, "only": []}
    assert with_defaults(SCHEMA, {"strength": 0, "pinned": {}}) == {"strength": 0, "only": [], "pinned": {"tile": 64}}


def test_defaults_are_nobody_s_to_change():
    with_defaults(SCHEMA, {})["only"].append(1)
    assert with_defaults(SCHEMA, {})["only"] == []


def refused(schema, parameters):
    with pytest.raises(InputError) as caught:
        check_parameters(schema, parameters)
    assert caught.value.info.code is ErrorCode.INVALID_PARAMETER
    return caught.value.info


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"strength": 2.0}, "The parameter strength is 2; it must be a number from 0 to 1."),
        ({"strength": "x" * 10_000}, f"The parameter strength is {'x' * 60}…; it must be a number from 0 to 1."),
        ({"only": [1, "b"]}, "The parameter only.1 is b; it must be a whole number of at least 1."),
        ({"only": 3}, "The parameter only is 3; it must be a list."),
        ({"only": list(range(5))}, "only has 5 entries, at most 4 are taken."),
        ({"only": [0]}, "The parameter only.0 is 0; it must be a whole number of at least 1."),
        ({"mode": "soft"}, "The parameter mode is soft; it must be one of hard, firm."),
        ({"exact": "yes"}, "The parameter exact is yes; it must be true or false."),
        ({"label": "y" * 200}, "label has 200 characters, at most 100 are taken."),
        ({"pinned": {"tile": 1.5}}, "The parameter pinned.tile is 1.5; it must be a whole number."),
    ],
)
def test_a_wrong_parameter_is_told_by_its_name_its_value_and_what_is_allowed_alone(parameters, told):
    info = refused(SCHEMA, parameters)
    assert info.message == told
    assert info.remedy in ("Give another value, or leave it out.", "Shorten the list.", "Shorten it.")


def test_an_unknown_parameter_is_told_with_the_known_ones_a_person_can_use():
    info = refused(SCHEMA, {"sharpness": 1, "strength": 1})
    assert info.message == "Unknown parameters: sharpness."
    assert info.remedy == "Known parameters: exact, label, mode, only, strength."
    assert refused(SCHEMA, {"pinned": {"side": 1}}).message == "Unknown parameters: pinned.side."


def test_the_limit_of_a_long_list_is_told_whatever_it_holds():
    schema = operations()["compare"].parameters.schema
    variants = [{"strength": round(0.1 * (n % 6 + 1), 1), "seed": n // 6} for n in range(36)]
    assert refused(schema, {"variants": variants}).message == "variants has 36 entries, at most 24 are taken."


def test_what_is_refused_is_said_in_any_language():
    told = refused(SCHEMA, {"strength": 2.0}).message
    assert Texts("de").sentence(told) == "Der Parameter strength ist 2; erlaubt ist eine Zahl von 0 bis 1."


def test_all_our_operations_have_schemas_that_accept_their_defaults():
    for operation in operations().values():
        complete = check_parameters(operation.parameters.schema, {})
        assert check_parameters(operation.parameters.schema, complete) == complete
