"""Blender 5.2 asks for a menu's choices before it has told the operator what they depend on."""

from types import SimpleNamespace

import pytest


class Row:
    """Keeps what a menu is made of."""

    def __init__(self):
        self.context = SimpleNamespace()
        self.menu = SimpleNamespace()

    def context_string_set(self, name, value):
        setattr(self.context, name, value)

    def operator_menu_enum(self, operator, choice, **_):
        self.made = (operator, choice)
        return self.menu


@pytest.fixture
def choices(load):
    return load("choice_menu")


def test_what_an_operator_is_told_stands_in_its_menus_context_too(choices):
    row, told = Row(), {"slot": "edges", "position": 1}
    choices.draw(row, "foveate.choose_picture", "picture", told, text="")
    assert row.made == ("foveate.choose_picture", "picture")
    assert vars(row.menu) == told
    assert vars(choices.told(SimpleNamespace(slot="", position=0), row.context, "slot")) == told


def test_an_operators_own_properties_come_first(choices):
    row, said = Row(), SimpleNamespace(field="faces_model")
    choices.draw(row, "foveate.choose_name", "choice", {"field": "refocus_model"}, text="")
    assert choices.told(said, row.context, "field") is said


def test_without_a_menu_there_is_nothing_else(choices):
    said = SimpleNamespace(field="")
    assert choices.told(said, None, "field") is said
    assert choices.told(said, SimpleNamespace(), "field") is said
