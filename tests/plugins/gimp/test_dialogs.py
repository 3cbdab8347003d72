"""The lines below a dialog's fields, and its drop-down of models."""

from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest
from foveate_gimp import argument_widgets, dialogs

from foveate_shared.i18n.translations import Texts
from foveate_shared.wire.protocol import ModelInfo

SAY = Texts("en")
MODELS = [
    ModelInfo("sharp", "Sharp x4 (photos)", ("refocus",), 4, True),
    ModelInfo("soft", "Soft", ("refocus",), 4, False),
]


class Config(dict):
    """The values of a procedure's arguments, and who hears of a change."""

    def __init__(self, **values):
        super().__init__(values)
        self.heard = []

    find_property = dict.get
    get_property = dict.__getitem__

    def connect(self, _, call):
        self.heard.append(call)

    def set_property(self, name, value):
        self[name] = value
        for call in self.heard:
            call()


@pytest.fixture
def gtk(monkeypatch):
    made = MagicMock()
    for module in (dialogs, argument_widgets):
        monkeypatch.setattr(module, "Gtk", made)
    return made


def test_the_size_of_what_is_enlarged_is_told_before_it_is_made(gtk, monkeypatch):
    selection = SimpleNamespace(bounds=lambda _: (True, True, 10, 20, 40, 60))
    monkeypatch.setattr(dialogs, "Gimp", SimpleNamespace(Selection=selection))
    config = Config(scale=4, target="new-image")
    line = dialogs.SizeLine(MagicMock(), config, SAY)
    line.widget.set_text.assert_called_with("The result has 120 × 160 pixels.")
    config.set_property("scale", 2)
    line.widget.set_text.assert_called_with("The result has 60 × 80 pixels.")
    line.widget.set_visible.assert_called_with(True)
    config.set_property("target", "in-place")
    line.widget.set_visible.assert_called_with(False)


def test_what_is_worked_on_follows_the_selection(gtk, monkeypatch):
    selected = [True, True, 10, 20, 40, 60]
    selection = SimpleNamespace(bounds=lambda _: selected, is_empty=lambda _: not selected[1])
    monkeypatch.setattr(dialogs, "Gimp", SimpleNamespace(Selection=selection))
    line = dialogs.RegionLine(MagicMock(), SAY, is_whole=False)
    line.widget.set_text.assert_called_with("The selection has 30 × 40 pixels.")
    enlarged = dialogs.SizeLine(MagicMock(), Config(scale=2, target="new-image"), SAY)
    selected[4] = 50
    line.look()
    line.widget.set_text.assert_called_with("The selection has 40 × 40 pixels.")
    enlarged.look()
    enlarged.widget.set_text.assert_called_with("The result has 80 × 80 pixels.")
    selected[1] = False
    line.look()
    line.widget.set_text.assert_called_with("Nothing is selected: all that is visible is worked on.")


def test_the_servers_default_is_named(gtk):
    choice = dialogs.ModelChoice(Config(model=""), SAY)
    append = choice._selection.widget.append
    append.assert_called_once_with("", "The server's default")
    append.reset_mock()
    choice.offer(MODELS)
    assert [call.args for call in append.call_args_list] == [
        ("", "The server's default: Sharp x4"),
        ("sharp", "Sharp x4 (photos)"),
        ("soft", "Soft (fetched at first use)"),
    ]
