"""Fields for parameters: their kinds follow from the schema, and numbers may be left open."""

from __future__ import annotations

import pytest

from foveate_shared.forms.field_kinds import FieldKind, NumberField, kind_of
from foveate_shared.forms.operation_form import Choice, Parameter


def parameter(type_, name="amount", **values):
    return Parameter(name, "Amount", "", type_, **values)


def choices(count):
    return tuple(Choice(number, str(number)) for number in range(count))


ENUM = {"enum": [1, 2]}


@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        (parameter("integer", choices=choices(4), schema=ENUM), FieldKind.BUTTONS),
        (parameter("integer", choices=choices(5), schema=ENUM), FieldKind.LIST),
        (parameter("string", choices=choices(2)), FieldKind.LIST),  # more may follow
        (parameter("string", choices=choices(1), schema=ENUM), None),
        (parameter("number", minimum=0, maximum=1, default=0.5), FieldKind.SHARE),
        (parameter("number", minimum=0, maximum=1), FieldKind.NUMBER),  # a slider shows no lack
        (parameter("number", minimum=0, maximum=2, default=1), FieldKind.NUMBER),
        (parameter("integer"), FieldKind.NUMBER),
        (parameter("boolean"), FieldKind.SWITCH),
        (parameter("string"), FieldKind.TEXT),
        (parameter("string", name="scheduler"), None),  # nothing is there to choose
        (parameter("array"), None),
        (parameter("object"), None),
    ],
)
def test_the_kind_follows_from_the_schema(asked, kind):
    assert kind_of(asked) is kind


def test_a_number_that_may_be_left_open_has_one_step_more_which_says_nothing():
    number = NumberField.of(parameter("integer", minimum=1, maximum=9))
    assert (number.low, number.high, number.step, number.decimals, number.is_open) == (0, 9, 1, 0, True)
    assert (number.read(0.0), number.read(3.0)) == (None, 3)
    assert isinstance(number.read(3.0), int)
    assert (number.shown(None), number.shown(4)) == (0, 4)


def test_a_widget_may_round_what_says_nothing():
    number = NumberField.of(parameter("number", minimum=0.1, maximum=1))
    assert number.read(round(number.low, 2)) is None
    assert number.read(0.1) == pytest.approx(0.1)


def test_a_number_with_a_default_has_its_limits():
    number = NumberField.of(parameter("number", minimum=0.5, maximum=7, default=3))
    assert (number.low, number.step, number.decimals, number.is_open) == (0.5, 0.5, 2, False)
    assert number.read(0.5) == pytest.approx(0.5)
    assert number.shown(None) == pytest.approx(0.5)


def test_without_limits_there_is_room():
    number = NumberField.of(parameter("number", default=0))
    assert (number.low, number.high) == (-1_000_000, 1_000_000)
