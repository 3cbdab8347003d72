"""A form while it is filled in, with fields that are no widgets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from foveate_shared.forms.filled_form import FilledForm, FormField
from foveate_shared.forms.operation_form import Form, Parameter


class PlainField(FormField):
    def __init__(self):
        self.value = None
        self.offered = []
        self.lack = ""

    def missing(self):
        return self.lack or super().missing()

    def offer(self, shown):
        self.offered.append(shown)


def parameter(name, default, **schema):
    return Parameter(name, name.title(), "", "string", default, schema=schema)


STRENGTH, SEED, NOISE = parameter("strength", "a"), parameter("seed", "b"), parameter("noise", "c")


def form(*parameters):
    return Form("refocus", None, "", (), parameters)


class Filled(FilledForm):
    def __init__(self):
        super().__init__(self._new, lambda parameter, _: self.placed.append(parameter.name), lambda _: self.gone())
        self.placed = []
        self.removed = 0

    def _new(self, parameter):
        return None if parameter.name == "hidden" else PlainField()

    def gone(self):
        self.removed += 1


@pytest.fixture
def filled():
    made = Filled()
    made.offer(form(STRENGTH, SEED), {"seed": "used"})
    return made


def test_new_fields_begin_with_what_was_used_else_the_default(filled):
    assert filled.values == {"strength": "a", "seed": "used"}
    assert filled.placed == ["strength", "seed"]


def test_what_was_set_stays_and_fields_are_made_where_they_must_be(filled):
    strength, seed = filled.fields.values()
    strength.value = "mine"
    shown = form(NOISE, replace(SEED, schema={"enum": []}), STRENGTH)
    filled.offer(shown, {})
    assert list(filled.fields) == ["noise", "seed", "strength"]  # as the form has them
    assert filled.values == {"noise": "c", "seed": "used", "strength": "mine"}
    assert filled.fields["strength"] is strength
    assert filled.fields["seed"] is not seed  # it looks otherwise now
    assert filled.removed == 1
    assert strength.offered[-1] is shown


def test_what_a_form_does_not_have_any_more_goes(filled):
    filled.offer(form(SEED), {})
    assert (list(filled.fields), filled.removed) == (["seed"], 1)


def test_the_same_form_changes_nothing(filled):
    filled.fields["seed"].value = "typed"
    filled.offer(form(STRENGTH, SEED), {"seed": "other"})
    assert (filled.values["seed"], filled.placed) == ("typed", ["strength", "seed"])


def test_a_parameter_without_a_field_is_left_out():
    filled = Filled()
    filled.offer(form(parameter("hidden", "x"), SEED), {})
    assert list(filled.fields) == ["seed"]


def test_a_field_can_decide_what_others_say(filled):
    filled.fields["seed"].decided = filled.fields["seed"].replaced = frozenset({"strength"})
    assert (filled.decided, filled.replaced) == ({"strength"}, {"strength"})
    assert filled.values == {"seed": "used"}


def test_fields_say_together_what_is_missing_and_whether_all_is_taken(filled):
    assert (filled.missing(), filled.takes_all) == ("", False)
    filled.fields["strength"].takes_all, filled.fields["seed"].lack = True, "Tick one."
    assert (filled.missing(), filled.takes_all) == ("Tick one.", True)


def test_a_jobs_parameters_are_those_of_the_form(filled):
    assert filled.parameters == {"strength": "a", "seed": "used"}  # a restorer is told what is shown
    filled.clear()
    assert (filled.parameters, filled.fields, filled.removed) == ({}, {}, 2)
