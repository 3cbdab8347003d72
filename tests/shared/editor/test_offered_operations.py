"""Operations as an editor offers them: ours with words of our own, others as their server calls them."""

from contextlib import nullcontext
from dataclasses import replace

import pytest

from fakes.models import FOR_PROMPTS
from fakes.scripted_client import real_welcome
from foveate_shared.editor.offered_operations import (
    job_title,
    made_by,
    needs_checkpoint,
    offered,
    require_wish,
    result_name,
    served_by,
    titled,
    verb,
    words_of,
)
from foveate_shared.errors import InputError
from foveate_shared.i18n.translations import Texts
from foveate_shared.wire.protocol import ModelInfo, OperationInfo

SAY = Texts()
OURS = real_welcome().operations
PHOTO = ModelInfo("photo", "Photo x4 (good)", ("refocus",), 4, True)
SHARPEN = OperationInfo("sharpen", "Sharpen", {"description": "Edges, by a filter", "properties": {}})


def test_what_no_model_can_do_is_not_offered_and_what_needs_none_is():
    assert offered((*OURS, SHARPEN), (PHOTO,)) == ["refocus", "sharpen"]
    assert offered((), (PHOTO,)) == []


def test_what_only_checkpoints_can_do():
    models = (PHOTO, *FOR_PROMPTS)
    assert [name for name in ("refocus", "fill", "extend", "compare") if needs_checkpoint(name, models)] == [
        "fill",
        "extend",
        "compare",
    ]
    assert not needs_checkpoint("sharpen", models)
    assert (served_by("extend"), served_by("faces")) == ("fill", "faces")


def test_an_operation_of_somebody_else_is_called_as_its_server_calls_it():
    words = words_of("sharpen", (*OURS, SHARPEN))
    assert (words.title, words.tip) == ("Sharpen", "Edges, by a filter")
    assert verb(words, SAY, {}, is_selected=True) == "Sharpen"
    assert words_of("unheard", OURS).title == "unheard"


@pytest.mark.parametrize("info", OURS, ids=lambda info: info.name)
def test_ours_are_said_in_german_too(info):
    german = Texts("de").catalogue
    words = words_of(info.name)
    said = (words.title, words.tip, words.on_selection, words.on_all)
    assert [text for text in said if text and text not in german] == []


@pytest.mark.parametrize(
    ("operation", "parameters", "selected", "expected"),
    [
        ("refocus", {}, True, "Refocus selection"),
        ("refocus", {}, False, "Refocus image"),
        ("faces", {}, False, "Refocus all faces"),
        ("faces", {"only": [2]}, True, "Refocus 1 face"),
        ("faces", {"only": [1, 2]}, True, "Refocus 2 faces"),
        ("upscale", {}, False, "Upscale image"),
        ("fill", {}, True, "Fill selection"),
        ("fill", {"extend": {}}, True, "Extend canvas"),
        ("compare", {}, True, "Compare"),
        ("compare", {"variants": [{}, {}]}, True, "Compare 2 variants"),
    ],
)
def test_the_button_says_what_it_starts(operation, parameters, selected, expected):
    assert verb(words_of(operation), SAY, parameters, is_selected=selected) == expected


def test_a_job_is_called_by_operation_and_model():
    assert job_title(words_of("refocus"), SAY, {"model": "photo"}, (PHOTO,)) == "Refocus (Photo x4)"
    assert job_title(words_of("refocus"), SAY, {"model": "gone"}, (PHOTO,)) == "Refocus (gone)"
    assert job_title(words_of("refocus"), SAY, {}, (PHOTO,)) == "Refocus"


def test_a_results_name_holds_operation_and_model_and_fits():
    assert result_name("a.png", "Refocus", {"model": {"name": "m", "sha256": ""}}, 63) == "a.png, Refocus (m)"
    assert result_name("a.png", "Refocus", {}, 63) == "a.png, Refocus"
    assert result_name("a.png", "Upscale", {"model": {"name": "m"}}, 63, step=3) == "a.png, Upscale (m), step 3"
    long = result_name("ä" * 60, "Upscale", {"model": {"name": "some-model"}}, 63)
    assert len(long.encode()) <= 63
    assert long.endswith(", Upscale (some-model)")


@pytest.mark.parametrize(
    ("recipe", "with_seed", "text"),
    [
        ({}, False, ""),
        ({"model": {"name": "photo"}}, False, " (photo)"),
        ({"model": {"name": "photo"}, "parameters": {"seed": 7}}, True, " (photo, seed 7)"),
        ({"parameters": {"seed": 7}}, True, " (seed 7)"),
        ({"model": {"name": "photo"}, "parameters": {}}, True, " (photo)"),
        ({"model": None, "parameters": {"seed": 7}}, False, ""),
    ],
)
def test_a_result_is_called_after_what_made_it(recipe, with_seed, text):
    assert made_by(recipe, with_seed=with_seed) == text


def test_a_model_that_is_known_is_called_by_its_title():
    assert made_by({"model": {"name": "photo"}}, models=[PHOTO]) == " (Photo x4)"
    assert made_by({"model": {"name": "other"}}, models=[PHOTO]) == " (other)"
    drawn = replace(PHOTO, title="Anime video v3: drawings, thirty times faster")
    assert made_by({"model": {"name": "photo"}}, models=[drawn]) == " (Anime video v3)"  # not what it is for


@pytest.mark.parametrize(
    ("title", "siblings", "expected"),
    [
        ("Refocus", {}, "Refocus (photo)"),
        ("Refocus", {"siblings": [6, 7]}, "Refocus (photo, seed 7)"),
        ("Refocus (Photo)", {}, "Refocus (Photo)"),
        ("Refocus (Photo)", {"siblings": [6, 7]}, "Refocus (Photo, seed 7)"),
    ],
)
def test_a_variations_result_tells_its_seed(title, siblings, expected):
    assert titled(title, {"model": {"name": "photo"}, "parameters": {"seed": 7, **siblings}}) == expected


@pytest.mark.parametrize(
    ("operation", "said", "sentence"),
    [
        ("extend", {}, "No side is to grow"),
        ("compare", {}, "nothing to compare"),
        ("extend", {"extend": {"left": 8}}, ""),
        ("compare", {"variants": [{"seed": 1}]}, ""),
        ("refocus", {}, ""),
    ],
)
def test_what_says_nothing_to_extend_or_to_compare_is_told(operation, said, sentence):
    with pytest.raises(InputError, match=sentence) if sentence else nullcontext():
        require_wish(operation, said)
