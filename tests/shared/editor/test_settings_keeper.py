"""What a person has set, and what is remembered of the last jobs."""

from dataclasses import replace

import pytest

from foveate_shared.connection import settings
from foveate_shared.editor.settings_keeper import SettingsKeeper
from foveate_shared.errors import InputError


@pytest.fixture
def path(tmp_path):
    return tmp_path / "settings.json"


def another(path):
    """Return what a restarted editor has."""
    return SettingsKeeper(path, lambda: "en")


@pytest.fixture
def keeper(path):
    return another(path)


def test_settings_are_kept_or_the_problem_is_told(keeper, path):
    before = keeper.settings
    keeper.change(ask_first=True)
    assert settings.load(path).ask_first
    assert not keeper.names_another_server(before)
    keeper.change(remote_url="https://studio:7317")
    assert keeper.names_another_server(before)
    path.unlink()
    path.mkdir()
    keeper.change(ask_first=False)
    assert "cannot be written" in keeper.problem
    assert not keeper.settings.ask_first


def test_settings_that_could_not_be_read_are_told_of(path):
    path.write_text("{")
    again = another(path)
    (old,) = path.parent.glob("settings.broken-*.json")
    assert str(old) in again.problem
    assert "must be paired again" in again.problem
    assert another(path).problem == ""


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_text(path.read_text()[:60])])
def test_settings_that_are_damaged_meanwhile_stay_as_they_are_known(keeper, path, damage):
    keeper.change(server_command=("/mine", "serve"), remote_url="https://studio:7317")
    before = keeper.settings
    damage(path)
    assert keeper.settings_on_disk == before
    keeper.change(language="de")
    assert settings.load(path) == keeper.settings_on_disk == replace(before, language="de")


def test_the_language_is_the_one_that_is_set(keeper):
    assert keeper.say("Ready") == "Ready"
    keeper.change(language="de")
    assert keeper.say("Ready") == "Bereit"


def test_parameters_are_kept_and_forgotten(keeper, path):
    keeper.keep("refocus", "strength", 0.5)
    keeper.keep("refocus", "model", "photo")
    keeper.keep("refocus", "strength", None)
    assert keeper.used("refocus") == {"model": "photo"}
    keeper.keep_all("refocus", {"prompt": "a door", "only": [1], "pinned": {}, "siblings": [1, 2]})
    keeper.change()
    assert another(path).used("refocus") == {"prompt": "a door"}
    assert keeper.used("upscale") == {}


def test_what_a_person_typed_is_taken_or_the_problem_is_told(keeper):
    def unreadable():
        raise InputError("The command is not complete.")

    keeper.change_to(unreadable)
    assert "not complete" in keeper.problem
    keeper.change_to(lambda: {"language": "de"})
    assert (keeper.problem, keeper.settings.language) == ("", "de")
