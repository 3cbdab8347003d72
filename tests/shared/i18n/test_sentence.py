"""A sentence reads as English, and keeps what it was made of."""

import copy
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foveate_shared.errors import ErrorCode, Fault, InputError, to_exception
from foveate_shared.i18n.sentence import Sentence, filled


def test_it_is_a_text_with_its_key_and_values():
    told = Sentence(
        "The {kind} {name!r} needs {need:.1f} GB at {effect:.0%}.", kind="VAE", name="x", need=2, effect=0.5
    )
    assert told == "The VAE 'x' needs 2.0 GB at 50%."
    assert told.key == "The {kind} {name} needs {need} GB at {effect}."
    assert told.values == {"kind": "VAE", "name": "'x'", "need": "2.0", "effect": "50%"}


@pytest.mark.parametrize(("count", "text"), [(0, "0 faces."), (1, "A face."), (2, "2 faces.")])
def test_a_count_chooses_the_form_and_not_the_key(count, text):
    told = Sentence("{count} faces.", one="A face.", count=count)
    assert (str(told), told.key, told.values) == (text, "{count} faces.", {"count": count})


def test_values_that_no_place_names_are_left_out():
    error = InputError("{a} is bad.", remedy="Take {b}.", a=1, b="x")
    assert (error.info.message, error.info.message.values) == ("1 is bad.", {"a": 1})
    assert (error.info.remedy, error.info.remedy.values) == ("Take x.", {"b": "x"})


def test_a_text_without_values_is_taken_as_it_is():
    told = Sentence('The answer {"x": {y}} is no JSON {!r}.')
    assert told == told.key == 'The answer {"x": {y}} is no JSON {!r}.'
    assert told.values == {}


def test_a_sentence_stays_itself_within_an_error():
    told = Sentence("{count} faces.", one="A face.", count=1)
    error = InputError(told, remedy="Take {count}.", count=2)
    assert error.info.message is told
    assert str(error) == "A face. Take 2."


def test_an_error_as_one_sentence_knows_both():
    whole = str(InputError("{a} is bad.", remedy="Take another.", a=1))
    assert whole == "1 is bad. Take another."
    assert whole.values["part_1"].key == "{a} is bad."
    assert whole.as_json() == str(InputError("{a} is bad.", remedy="Take another.", a=1).info).as_json()
    assert str(InputError("Bad.")) == "Bad."


def test_errors_of_a_peer_keep_their_keys():
    info = InputError("{a} is bad.", a="{b}", code=ErrorCode.CONFLICT, fault=Fault.CLIENT).info
    assert to_exception(info).info == info
    assert to_exception(info).info.message.key == "{a} is bad."


@given(st.text(), st.text())
def test_what_stands_in_a_value_is_no_place(one, other):
    assert Sentence("{a}, {b}", a=one, b=other) == f"{one}, {other}"


def test_a_template_reads_nothing_of_a_value_but_its_text():
    assert filled("{a.__class__} {a[0]} {0} {b} {a}", {"a": "x"}) == "{a.__class__} {a[0]} {0} {b} x"


NESTED = Sentence("No {what}: {reason}", what="face", reason=Sentence("{count} of {most}.", count=1 << 60, most=3))


@pytest.mark.parametrize(
    "again",
    [
        copy.deepcopy(NESTED),
        pickle.loads(pickle.dumps(NESTED)),  # noqa: S301 - our own
        Sentence.from_json(json.loads(json.dumps(NESTED.as_json()))),
    ],
    ids=["copied", "pickled", "as JSON"],
)
def test_it_survives(again):
    assert again == NESTED == "No face: 1152921504606846976 of 3."
    assert again.as_json() == NESTED.as_json()
    assert again.values["reason"].values == {"count": str(1 << 60), "most": 3}  # JSON has no larger whole numbers
