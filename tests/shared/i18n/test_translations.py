"""Translations: the right catalogue is taken, and what it lacks stays English."""

import json
import string
from pathlib import Path

import pytest

import foveate_shared
from foveate_shared.i18n.translations import Texts, languages, system_language

CATALOGUES = Path(foveate_shared.__file__).parent / "i18n/catalogs"


def fields(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", ["de", "de_DE", "de_DE.UTF-8", "de-AT"])
def test_german_is_there_under_each_of_its_names(language):
    assert Texts(language)("Cancel") == "Abbrechen"


@pytest.mark.parametrize("language", ["en", "C", "", "xx_YY", "../de", "C.UTF-8"])
def test_other_languages_are_english(language):
    assert Texts(language)("Cancel") == "Cancel"


def test_values_are_put_in():
    assert Texts("de")("{count} faces", count=3) == "3 Gesichter"
    assert Texts("de")("no such {thing}", thing="text") == "no such text"


@pytest.mark.parametrize("language", languages())
def test_translations_name_the_same_values(language):
    catalogue = json.loads((CATALOGUES / f"{language}.json").read_text("utf-8"))
    assert {text: fields(text) for text in catalogue} == {text: fields(entry) for text, entry in catalogue.items()}
    assert all(entry.strip() for entry in catalogue.values())


def test_the_language_is_the_environments():
    assert system_language({"LANGUAGE": "de:en", "LANG": "fr_FR"}) == "de"
    assert system_language({"LANG": "fr_FR.UTF-8"}) == "fr_FR.UTF-8"
