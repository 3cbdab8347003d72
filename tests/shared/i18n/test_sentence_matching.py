"""Finished sentences are recognised as entries with values, and only where they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foveate_shared.i18n.sentence_matching import Phrase
from foveate_shared.i18n.translations import Texts

GERMAN = Texts("de")
TWO = Phrase("Restoring part {number} of {count}", "{number}/{count}")


@given(st.text(min_size=1).filter(lambda value: " of " not in value), st.text(min_size=1))
def test_values_are_read_verbatim(number, count):
    assert TWO.match(f"Restoring part {number} of {count}") == {"number": number, "count": count}


@pytest.mark.parametrize("text", ["", "Restoring part 1", "Restoring part  of 2", "Restoring part 1 of ", "x" * 9])
def test_other_sentences_do_not_match(text):
    assert TWO.match(text) is None


def test_neighbours_do_not_share_characters():
    assert Phrase("abc{x}cde", "{x}").match("abcde") is None
    assert Phrase("abc{x}cde", "{x}").match("abccde") is None


def test_entries_that_say_too_little_are_not_used():
    assert not Phrase("{time} left", "noch {time}").is_telling
    assert not Phrase("Bring a blurred region into focus", "Scharf stellen").is_telling


def test_sentences_are_translated_one_by_one():
    text = "3 faces were found. There is no face number 7, 9. This one nobody knows."
    german = "3 Gesichter wurden gefunden. Ein Gesicht mit der Nummer 7, 9 gibt es nicht. This one nobody knows."
    assert GERMAN.sentence(text) == german


def test_a_sentence_within_a_sentence_is_translated():
    assert GERMAN.sentence("Face 2: This face is not selected.") == "Gesicht 2: Dieses Gesicht ist nicht ausgewählt."


def test_sentences_nest_only_once():
    text = "Face 1: " * 5000 + "This face is not selected."
    assert GERMAN.sentence(text) == text


@pytest.mark.parametrize("text", ["", "Unheard of.", "{count} of {this", "{", "The model {name} is {odd}."])
def test_unknown_sentences_stay_and_braces_do_no_harm(text):
    assert GERMAN.sentence(text) == text


def test_braces_in_values_stay():
    assert GERMAN.sentence("There is no model called {x}.") == "Ein Modell namens {x} gibt es nicht."


def test_english_stays_english():
    assert Texts("en").sentence("3 faces were found.") == "3 faces were found."


def test_long_hostile_texts_take_no_time():
    """Half a second; were it quadratic in the text's length, the suite's limit for hangs would end it."""
    text = "The region " + " x  at (, ) reaches out of the document, which is " * 400_000
    assert GERMAN.sentence(text) == text
