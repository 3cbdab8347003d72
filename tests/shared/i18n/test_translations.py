"""Translations: the right catalogue is taken, and what it lacks stays English."""

import json
import string
from pathlib import Path

import pytest

import foveate_shared
from foveate_server.models.sources.contract import unavailable
from foveate_shared.connection.pairing_line import parse_pairing
from foveate_shared.errors import InputError
from foveate_shared.i18n import translations
from foveate_shared.i18n.sentence import Sentence, with_tenths
from foveate_shared.i18n.translations import Texts, languages, system_language
from foveate_shared.wire.codec import decode_error, encode_error

CATALOGUES = Path(foveate_shared.__file__).parent / "i18n"


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
    for text, entry in json.loads((CATALOGUES / f"{language}.json").read_text("utf-8")).items():
        forms = {"other": entry} if isinstance(entry, str) else entry
        assert fields(text) == fields(forms["other"])
        assert all(fields(form) <= fields(text) | {"count"} for form in forms.values())
        assert all(form.strip() for form in forms.values())


@pytest.fixture
def catalogue(tmp_path, monkeypatch):
    """Return what makes a German of the entries that it is given."""

    def make(**entries):
        (tmp_path / "de.json").write_text(json.dumps(entries), "utf-8")
        return Texts("de_AT.UTF-8")

    monkeypatch.setattr(translations, "CATALOGUES", tmp_path)
    return make


def test_a_name_that_looks_like_the_end_of_a_sentence_breaks_nothing():
    error = InputError("There is no model called {name!r}.", name="My. Best", remedy="Did you mean {name}?")
    say = Texts("de").sentence
    assert say(error.info.message) == "Ein Modell namens 'My. Best' gibt es nicht."
    assert say(str(error)) == "Ein Modell namens 'My. Best' gibt es nicht. War My. Best gemeint?"
    assert say("".join([*str(error)])) != say(str(error))  # what a server of version 1 sends is guessed at


def test_a_name_that_is_a_text_of_ours_stays_as_it_is():
    assert (
        Texts("de").sentence(Sentence("There is no file {path}.", path="Cancel")) == "Eine Datei Cancel gibt es nicht."
    )
    nested = Sentence("There is no file {path}.", path=Sentence("Cancel"))
    assert Texts("de").sentence(nested) == "Eine Datei Abbrechen gibt es nicht."


def test_several_sentences_are_translated_each(catalogue):
    say = catalogue(**{"There is {a}.": "Da ist {a}.", "{b} too.": "Auch {b}."}).sentence
    assert say(Sentence("There is {a}. {b} too. And {c}.", a="X. Y", b="Z", c="W")) == "Da ist X. Y. Auch Z. And W."


def test_what_no_catalogue_has_stays_finished_english(catalogue):
    say = catalogue(Face="Gesicht").sentence
    assert say(Sentence("{count} faces.", one="A face.", count=1)) == "A face."
    assert say(Sentence("{what}: {count}.", what=Sentence("Face"), count=1)) == "Gesicht: 1."


@pytest.mark.parametrize(("count", "text"), [(0, "0 Gesichter."), (1, "Ein Gesicht."), (2, "2 Gesichter.")])
def test_a_count_chooses_the_plural_form(catalogue, count, text):
    texts = catalogue(**{"{count} faces.": {"one": "Ein Gesicht.", "other": "{count} Gesichter."}})
    assert texts.sentence(Sentence("{count} faces.", one="1 face.", count=count)) == text
    assert texts("{count} faces.", count=count) == text
    assert texts.catalogue == {"{count} faces.": "{count} Gesichter."}


def test_the_language_is_the_environments():
    assert system_language({"LANGUAGE": "de:en", "LANG": "fr_FR"}) == "de"
    assert system_language({"LANG": "fr_FR.UTF-8"}) == "fr_FR.UTF-8"


def test_a_reason_within_a_sentence_is_translated_as_well():
    with pytest.raises(InputError) as caught:
        parse_pairing("http://nas:7860?token=x")
    assert Texts("de").sentence(caught.value.info.message) == (
        "Das ist keine Zeile zum Koppeln: sie beginnt nicht mit foveate://."
    )
    error = unavailable(Sentence("{repository} on the model hub", repository="org/x"), "pip fetched no wheel", "")
    told = Texts("de").sentence(decode_error(encode_error(error.info)).message)  # over the wire
    assert told == "org/x im Modell-Hub ist nicht zu haben: pip hat kein Wheel geholt."


def test_a_decimal_place_is_written_as_the_language_does():
    told = Sentence("{title}, {width} x {height}, {need} of {available} GB of memory",
                    title="1.5", width=8, height=9, need=with_tenths(0.26), available=with_tenths(17.94))  # fmt: skip
    assert told == "1.5, 8 x 9, 0.3 of 17.9 GB of memory"
    assert Texts("de").sentence(told) == "1.5, 8 x 9, 0,3 von 17,9 GB Speicher"
    assert Texts("de").sentence("foveate.serve") == "foveate.serve"
