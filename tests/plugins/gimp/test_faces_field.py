"""Which faces: what is ticked, what the line names, and for which certainty they were found."""

from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest
from foveate_gimp import faces_field

from foveate_shared.editor.faces import FoundFace
from foveate_shared.geometry import Bounds
from foveate_shared.i18n.translations import Texts


class Config:
    """The arguments, and who hears of a change."""

    def __init__(self):
        self.only, self.heard = "", []

    def connect(self, _, call):
        self.heard.append(call)

    def get_property(self, _):
        return self.only

    def set_property(self, _, text):
        self.only = text
        for call in self.heard:
            call()


class Tick:
    """A tick."""

    def __init__(self, *, active, **_):
        self.active = active

    def get_active(self):
        return self.active

    def set_active(self, active):
        self.active = active

    def __getattr__(self, name):
        return MagicMock()


@pytest.fixture
def said():
    return {"min_score": 0.5}


@pytest.fixture
def field(monkeypatch, said):
    """A field for which one face was found."""
    gtk = MagicMock(CheckButton=Tick)
    monkeypatch.setattr(faces_field, "Gtk", gtk)
    monkeypatch.setattr(faces_field, "Line", MagicMock())
    monkeypatch.setattr(faces_field, "FaceSurvey", MagicMock())
    monkeypatch.setattr(faces_field.FacesField, "_scene_now", lambda _: "a selection")
    monkeypatch.setattr(faces_field.FacesField, "_height", lambda _: 0)
    survey = SimpleNamespace(
        is_running=False, host=SimpleNamespace(faces=(FoundFace(1, Bounds(0, 0, 9, 9), 0.9, None),))
    )
    controller = MagicMock(say=Texts("en"))
    controller.form().parameters_of = dict
    controller.start.return_value = (survey,)
    field = faces_field.FacesField(Config(), "only", MagicMock(), controller, said=lambda: said, hint="")
    field.find()
    field.look()
    return field


@pytest.mark.parametrize(
    ("text", "ticked", "problem"),
    [
        ("", True, ""),
        ("1", True, ""),
        ("9", False, "There is no face 9: one was found."),
        ("0", False, "There is no face 0: one was found."),
        ("1,9", True, "There is no face 9: one was found."),
        ("1-", False, "Tick a face first."),  # the form tells before that that it cannot be read
    ],
)
def test_what_is_typed_is_ticked_or_said_to_be_wrong(field, text, ticked, problem):
    field._config.set_property("only", text)
    assert field._ticks[0].active is ticked
    assert Texts("en").sentence(field.problem()) == problem


def test_faces_of_another_certainty_are_none_to_choose_from(field, said):
    assert len(field._shown) == 1
    said["min_score"] = 1.0
    field.look()
    assert field._shown == ()
    assert field.problem() == ""
    field._state.set_text.assert_called_with("The certainty changed; find them again.")
    said["min_score"] = 0.5
    field.look()
    assert len(field._shown) == 1


def test_reset_ticks_again_what_the_line_says(field):
    field._ticks[0].set_active(False)
    field._ticked()  # the line cannot say that none is meant: it is as it was
    assert field.problem() == "Tick a face first."
    field.reset()
    assert (field._ticks[0].active, field.problem()) == (True, "")
