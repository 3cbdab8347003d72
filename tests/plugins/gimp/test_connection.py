"""Settings as GIMP's processes see them: each is a new one, and only one of them finds what cannot be read."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from foveate_gimp import connection

from foveate_shared.connection.settings import Settings, load, save


@pytest.fixture
def told(monkeypatch):
    """What GIMP was to show."""
    sentences = []
    monkeypatch.setattr(connection, "Gimp", SimpleNamespace(message=sentences.append))
    return sentences


@pytest.mark.parametrize("opened", [connection.load_settings, connection.open_controller])
def test_who_opens_settings_that_cannot_be_read_says_where_they_are_now(settings, told, opened):
    settings.write_text("{")
    connection.learn_beforehand()  # GIMP starts, and asks what is to be done: both only look
    assert connection.load_texts().language
    assert settings.read_text() == "{"
    assert told == []
    opened()
    (old,) = settings.parent.glob("foveate.broken-*.json")
    (sentence,) = told
    assert str(old) in sentence
    assert "must be paired again" in sentence
    opened()
    assert told == [sentence]


def test_settings_that_can_be_read_are_nothing_to_speak_of(settings, told):
    save(settings, Settings("client", language="de"))
    assert connection.load_texts().language == "de"
    assert connection.load_settings() == connection.open_controller().settings == load(settings)
    assert told == []


def test_what_is_wrong_is_told_in_the_person_s_language(settings, told):
    save(settings, Settings("client", language="de"))
    connection.tell_problem("")
    connection.tell_problem("Ready")
    assert told == ["Bereit"]
