"""What people type: faces, LoRAs, sides that grow, further parameters."""

import pytest

from foveate_shared.errors import InputError
from foveate_shared.forms.typed_values import (
    face_numbers,
    further,
    growth,
    lora_list,
    loras_text,
    named_pictures,
    parameters_of,
)


@pytest.mark.parametrize(("text", "expected"), [("1, 3", [1, 3]), (" 2 ", [2]), ("4;5 6", [4, 5, 6])])
def test_faces_are_named_by_numbers(text, expected):
    assert face_numbers(text) == expected


@pytest.mark.parametrize("text", ["two", "1, -2", "0", "1.5", "٣x"])
def test_what_is_no_number_is_said(text):
    with pytest.raises(InputError, match="does not name faces"):
        face_numbers(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("film-look", [{"name": "film-look"}]),
        (" film-look : 0.8 ,grain:-1", [{"name": "film-look", "weight": 0.8}, {"name": "grain", "weight": -1.0}]),
        ("a:b:0.5", [{"name": "a:b", "weight": 0.5}]),
    ],
)
def test_loras_are_named_with_their_weights(text, expected):
    assert lora_list(text) == expected


@pytest.mark.parametrize("text", ["film-look:much", "a:, b"])
def test_a_weight_that_is_none_is_said(text):
    with pytest.raises(InputError, match="is no weight of a LoRA"):
        lora_list(text)


def test_the_panels_loras_are_written_so_that_they_are_read_back():
    text = loras_text([("film-look", 0.8), ("", 1.0), ("grain", 1.0)])
    assert lora_list(text) == [{"name": "film-look", "weight": 0.8}, {"name": "grain", "weight": 1.0}]


def test_sides_that_grow_are_named_and_one_must():
    assert growth({"left": 0, "right": 32, "top": 8, "bottom": 0}) == {"right": 32, "top": 8}
    with pytest.raises(InputError, match="No side is to grow"):
        growth({"left": 0, "right": 0, "top": 0, "bottom": 0})


def test_further_parameters_are_a_json_object():
    assert further("") == {}
    assert further('{"anchor": 0.5}') == {"anchor": 0.5}
    for text in ("anchor", "[1]", "3"):
        with pytest.raises(InputError, match="no JSON object"):
            further(text)


def test_what_fields_said_becomes_a_jobs_parameters():
    said = {"strength": 0.40000001, "seed": 7, "prompt": "a door", "preset": " ", "only": "1, 3", "scale": "2"}
    expected = {"strength": 0.4, "seed": 7, "prompt": "a door", "only": [1, 3], "scale": 2}
    assert parameters_of(said, {}, {}) == expected
    assert parameters_of({"left": 8, "top": 0}, {}, {}) == {"extend": {"left": 8}}
    with pytest.raises(InputError, match="No side is to grow"):
        parameters_of({"left": 0}, {}, {})
    with pytest.raises(InputError, match="Scale must be a whole number"):
        parameters_of({"scale": "much"}, {}, {})


def test_what_is_listed_becomes_variants():
    lists = {"model": "", "strength": "0.3, 0.5"}
    assert parameters_of({}, lists, {}) == {"variants": [{"strength": 0.3}, {"strength": 0.5}]}
    assert parameters_of({}, {"model": ""}, {}) == {}


def test_pictures_are_named_in_a_json_object():
    assert named_pictures("") == {}
    assert named_pictures('{"control": "edges", "reference-1": "a, b"}') == {"control": "edges", "reference-1": "a, b"}
    for text in ("edges", "[1]", '{"control": 3}'):
        with pytest.raises(InputError, match="no JSON object of names") as refused:
            named_pictures(text)
        assert refused.value.info.remedy == 'Write them as {"control": "edges"}.'
