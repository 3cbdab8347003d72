"""What a person writes becomes a value of the parameter's type, within the limits that the server sends."""

import pytest

from foveate_shared.errors import InputError
from foveate_shared.forms.parameter_values import check, shown, value_of

NUMBERS = {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 9}, "uniqueItems": True}


@pytest.mark.parametrize(
    ("schema", "text", "value"),
    [
        ({"type": "number"}, "0.5", 0.5),
        ({"type": "integer"}, "-3", -3),
        ({"type": "boolean"}, "Yes", True),
        ({"type": "boolean"}, "off", False),
        ({"type": "string"}, "1", "1"),
        ({}, "as it is", "as it is"),
        (NUMBERS, "5,1, 1 ,", [1, 5]),
        (NUMBERS, "1, 3-5", [1, 3, 4, 5]),
        (NUMBERS, "", []),
        ({"type": "array", "items": {"type": "integer"}}, "5,1,1", [5, 1, 1]),
        ({"type": "array", "items": {"type": "string"}}, "a, b", ["a", "b"]),
        ({"type": "array", "items": {"type": "object"}}, '{"name": "a"}', [{"name": "a"}]),
        ({"type": "object"}, '{"left": 8}', {"left": 8}),
    ],
)
def test_a_text_is_read_by_its_type(schema, text, value):
    found = value_of(schema, text, "It")
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("schema", "text", "sentence"),
    [
        ({"type": "number"}, "much", "It must be a number, not “much”."),
        ({"type": "number"}, "inf", "It must be a number, not “inf”."),
        ({"type": "integer"}, "1.5", "It must be a whole number, not “1.5”."),
        ({"type": "boolean"}, "perhaps", "It must be yes or no, not “perhaps”."),
        (NUMBERS, "left", "It: “left” is no number. Write numbers such as 1, 3-5."),
        (NUMBERS, "3-1", "“3-1” counts backwards. Write 1-3."),
        (NUMBERS, "1-99999", "“1-99999” is no number."),
        (NUMBERS, "-2", "“-2” is no number."),
        ({"type": "object"}, "[1]", "It must be a JSON object."),
        ({"type": "object"}, "left", "It must be JSON, not “left”."),
    ],
)
def test_what_is_nothing_of_that_type_is_said(schema, text, sentence):
    with pytest.raises(InputError) as caught:
        value_of(schema, text, "It")
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("schema", "value", "sentence"),
    [
        ({"minimum": 0, "maximum": 1}, 2.0, "It must be at most 1. Write a number from 0 to 1."),
        ({"minimum": 0.2}, 0.1, "It must be at least 0.2."),
        ({"enum": [2, 3, 4]}, 5, "It must be one of 2, 3, 4. Choose one of them."),
        ({"maxItems": 2}, [1, 2, 3], "It has 3 entries, at most 2 are taken. Shorten the list."),
        (NUMBERS, [3, 10], "It must be at most 9."),
        ({"properties": {"left": {"maximum": 8}}}, {"left": 9}, "It (left) must be at most 8."),
    ],
)
def test_a_broken_limit_is_said(schema, value, sentence):
    with pytest.raises(InputError) as caught:
        check(schema, value, "It")
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("schema", "value"),
    [({}, 1e9), ({"minimum": 0, "maximum": 1}, 1), ({"maximum": 0}, True), ({"minimum": 3}, "text"), (NUMBERS, [1, 9])],
)
def test_what_the_schema_allows_passes(schema, value):
    check(schema, value, "It")


def test_values_are_shown_as_a_person_writes_them():
    assert [shown(value) for value in (True, 0.30000000000000004, 2**32, "a", None, [1])] == [
        "yes", "0.3", "4294967296", "a", "null", "[1]",
    ]  # fmt: skip
