"""What a person asked for is in the next dialog, whether or not anything came of it."""

import contextlib
import os
from types import SimpleNamespace

import pytest
from foveate_gimp import asked_values, procedures
from foveate_gimp.operation_procedures import operations_of

from fakes.layer_operations import operations
from foveate_shared.errors import CancelledJobError, InputError
from foveate_shared.i18n.translations import Texts
from foveate_shared.wire.protocol import OperationInfo

INFOS = tuple(OperationInfo(each.name, each.title, each.parameters.schema) for each in operations().values())
REFOCUS = next(each for each in operations_of(INFOS) if each.name == "refocus")
SAID = {"prompt": "a red door", "strength": 0.5, "steps": 9, "output": "image", "variations": 3}


class Config(dict):
    """The values of a procedure's arguments."""

    get_property = dict.__getitem__
    set_property = dict.__setitem__

    def find_property(self, name):
        return name if name in self else None


def fresh(operation=REFOCUS):
    values = {each.name: each.default for each in operation.arguments} | {
        each.name: None for each in operation.pictures
    }
    return Config(values, output="layer", variations=1)


def layer(number, name="Lines"):
    return SimpleNamespace(get_id=lambda: number, get_name=lambda: name)


@pytest.fixture
def call(settings, monkeypatch):
    """Call a procedure, whose dialog says SAID unless it is only repeated; return what it was asked."""
    gimp = procedures.Gimp
    procedure = SimpleNamespace(new_return_values=lambda status, error: status)
    monkeypatch.setattr(procedures, "_succeeded", lambda procedure, finished: "success")
    monkeypatch.setattr(procedures, "_failed", lambda procedure, error, say: "failed")
    monkeypatch.setattr(procedures.connection, "tell_problem", lambda problem: None)

    def make(outcome, mode=gimp.RunMode.INTERACTIVE, closed=False):
        config, shown = fresh(), {}

        def ask(call):
            shown.update(config)
            config.update(SAID)
            return not closed

        def run(*_, **__):
            if isinstance(outcome, BaseException):
                raise outcome
            return procedures.run_job.AppliedResult((), None, {}, (), is_as_asked=True)

        monkeypatch.setattr(procedures, "_asked", ask)
        monkeypatch.setattr(procedures.run_job, "run", run)
        made = procedures._Call(procedure, mode, None, config, REFOCUS, Texts("en"))
        return procedures._answer(made), shown or dict(config)

    return make


@pytest.mark.parametrize("outcome", [CancelledJobError("The result was dropped."), InputError("No."), SystemExit()])
def test_what_came_to_nothing_is_asked_again(call, outcome):
    with contextlib.suppress(SystemExit):  # GIMP's Cancel kills the plug-in
        call(outcome)
    _, shown = call(CancelledJobError("The dialog is closed."), closed=True)
    assert shown == fresh() | SAID
    _, used = call(None, mode=procedures.Gimp.RunMode.WITH_LAST_VALS)
    assert used == fresh() | SAID


def test_what_succeeded_is_kept_by_gimp_alone(call):
    call(CancelledJobError("The result was dropped."))
    assert call(None)[0] == "success"
    assert call(None)[1] == fresh()


def test_a_dialog_that_was_closed_says_nothing(call):
    call(CancelledJobError(""), closed=True)
    assert call(None)[1] == fresh()


def test_layers_are_those_of_the_same_gimp_that_are_still_there(settings, monkeypatch):
    made = next(each for each in operations_of(INFOS) if each.name == "take")
    picture = made.pictures[0]
    there = {"7": layer(7)}
    monkeypatch.setattr(asked_values.layer_pictures, "find", there.get)

    def kept():
        asked_values.restore(config := fresh(made), made)
        return config[picture.name]

    asked = fresh(made)
    asked[picture.name] = there["7"]
    asked_values.keep(asked, made)
    assert kept() is there["7"]
    there["7"] = layer(7, "Another one")
    assert kept() is None
    there["7"] = layer(7)
    monkeypatch.setattr(os, "getppid", lambda: 1)
    assert kept() is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"values": 3, "layers": {}, "gimp": 1}'])
def test_what_cannot_be_understood_is_nothing(settings, text):
    asked_values.keep(fresh(), REFOCUS)
    asked_values._file(REFOCUS).write_text(text)
    asked_values.restore(config := fresh(), REFOCUS)
    assert config == fresh()
