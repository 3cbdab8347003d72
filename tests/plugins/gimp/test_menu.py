"""Which entries the menu has, and how GIMP is made to ask for them anew."""

import os
from dataclasses import replace

import pytest
from foveate_gimp import connection, menu
from foveate_gimp.operations import all_operations

from foveate_shared.connection.settings import load, save
from foveate_shared.wire.protocol import ModelInfo

RESTORER = ModelInfo("sharp", "Sharp", ("refocus",), 4, True)
CHECKPOINT = ModelInfo("photo", "Photo", ("refocus", "fill"), 4, True, kind="diffusion", family="sd1")
NEED_ONE = ["plug-in-foveate-fill", "plug-in-foveate-extend", "plug-in-foveate-compare"]


@pytest.fixture
def settings(tmp_path, monkeypatch):
    path = tmp_path / "foveate.json"
    monkeypatch.setattr(connection, "settings_path", lambda: path)
    return path


@pytest.fixture
def entry(tmp_path):
    path = tmp_path / "foveate.py"
    path.touch()
    os.utime(path, (1000, 1000))
    return path


def hidden(entry):
    return [each.procedure for each in all_operations() if not menu.shows(each, entry)]


def test_what_needs_a_checkpoint_is_hidden_until_one_was_seen(settings, entry):
    assert hidden(entry) == NEED_ONE
    assert not settings.exists()  # GIMP's question makes no file
    menu.note([RESTORER], entry)
    assert entry.stat().st_mtime == 1000
    menu.note([RESTORER, CHECKPOINT], entry)
    assert hidden(entry) == []
    assert entry.stat().st_mtime >= 1001
    menu.note([], entry)  # the server has told nothing
    assert hidden(entry) == []
    menu.note([RESTORER], entry)
    assert hidden(entry) == NEED_ONE


def test_gimp_asks_again_also_where_the_file_is_of_the_future(settings, entry):
    future = 2**33
    os.utime(entry, (future, future))
    menu.note([CHECKPOINT], entry)
    assert int(entry.stat().st_mtime) == future + 1


def test_all_is_shown_where_gimp_cannot_be_made_to_ask(settings, entry, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert hidden(entry) == []


def test_nothing_else_of_the_settings_changes(settings, entry):
    before = replace(load(settings), prompts=("a door",), ask_first=True)
    save(settings, before)
    menu.note([CHECKPOINT], entry)
    assert load(settings) == replace(before, has_checkpoint=True)
