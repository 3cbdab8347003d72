"""Lists that a person writes, and the variants that they make."""

from dataclasses import replace

import pytest
from jsonschema import Draft202012Validator

from foveate_server.operations.registry import operations
from foveate_shared.errors import InputError
from foveate_shared.forms.comparison_lists import (
    AXES,
    lists_of,
    problem,
    suggestions,
    unknown,
    variants_of,
    variants_or_none,
    with_another,
)
from foveate_shared.forms.operation_form import form_for
from foveate_shared.i18n.translations import Texts
from foveate_shared.wire.protocol import ModelInfo, OperationInfo

TUNE = ModelInfo("tune", "Tune", ("compare",), 1, True, kind="diffusion", family="sdxl")
FILM = ModelInfo("film", "Film", (), 1, True, kind="lora", fits=("sdxl",), defaults={"weight": 0.6})
COMPARE = form_for(OperationInfo("compare", "Compare", operations()["compare"].parameters.schema), (TUNE, FILM))


def test_lists_are_combined_and_the_last_changes_first():
    assert variants_of({"strength": "0.3, 0.5", "seed": "1;2", "model": " "}) == [
        {"strength": 0.3, "seed": 1},
        {"strength": 0.3, "seed": 2},
        {"strength": 0.5, "seed": 1},
        {"strength": 0.5, "seed": 2},
    ]


def test_a_lora_has_a_weight_and_none_is_without():
    assert variants_of({"loras": "film:0.8 pen none"}) == [
        {"loras": [{"name": "film", "weight": 0.8}]},
        {"loras": [{"name": "pen", "weight": 1.0}]},
        {"loras": []},
    ]


@pytest.mark.parametrize(
    ("text", "strengths"),
    [
        ("0,3; 0,5", [0.3, 0.5]),
        ("0,3, 0,5", [0.3, 0.5]),
        ("0,3 0,5", [0.3, 0.5]),
        ("0.25,0.5", [0.25, 0.5]),
        ("0, 1", [0, 1]),
        ("30%, 50 %", [0.3, 0.5]),
        ("12,5 %; 1", [0.125, 1]),
    ],
)
def test_strengths_are_written_as_people_write_numbers(text, strengths):
    assert [variant["strength"] for variant in variants_of({"strength": text})] == strengths


def test_names_are_told_by_their_titles_too():
    real = ModelInfo("real-vis", "Real Vis 5", ("compare",), 1, True, kind="diffusion", family="sdxl")
    soft = ModelInfo("soft", "Soft Light: warm", (), 1, True, kind="lora", fits=("sdxl",))
    models = (TUNE, FILM, real, soft)
    assert variants_of({"model": "real vis 5, tune"}, None, models) == [{"model": "real-vis"}, {"model": "tune"}]
    assert variants_of({"model": "tune real-vis"}, None, models) == [{"model": "tune"}, {"model": "real-vis"}]
    listed = variants_of({"loras": "Film: 0.8; soft light: warm, none"}, None, models)
    named = [("film", 0.8), ("soft", 1.0)]
    assert listed == [*({"loras": [{"name": name, "weight": weight}]} for name, weight in named), {"loras": []}]


def test_a_value_counts_once():
    assert variants_of({"seed": "1, 1, 01"}) == [{"seed": 1}]


def test_every_example_is_what_the_server_takes():
    schema = operations()["compare"].parameters.schema
    variants = variants_of({axis.name: axis.example for axis in AXES if axis.name != "seed"})
    Draft202012Validator(schema["properties"]["variants"]).validate(variants)
    assert variants_of({"seed": AXES[2].example})


@pytest.mark.parametrize(
    "lists",
    [
        {"strength": "0.3, 0.55", "seed": "2, 1"},
        {"model": "photoreal, painted", "loras": "film:0.8, none, pen"},
        {axis.name: axis.example for axis in AXES if axis.name != "seed"},
    ],
)
def test_what_was_listed_is_told_by_the_variants(lists):
    assert lists_of(variants_of(lists)) == lists


def test_variants_that_nobody_listed_are_no_lists():
    assert lists_of([{"prompt": "a door"}, {"loras": "broken"}, {"loras": [{}]}]) == {}
    assert lists_of(None) == lists_of(["a door"]) == {}


@pytest.mark.parametrize(
    ("lists", "said"),
    [
        ({}, "nothing to compare"),
        ({"strength": " , "}, "nothing to compare"),
        ({"strength": "0.5, much"}, "“much” is no strength"),
        ({"strength": "1.5"}, "Strengths must be at most 1. Write a number from 0 to 1."),
        ({"seed": "-1"}, "“-1” is no seed"),
        ({"seed": str(1 << 32)}, "Seeds must be at most 4294967295."),
        ({"loras": "film:heavy"}, "“film:heavy” is no LoRA"),
        ({"seed": "1 2 3 4 5", "strength": "0.1 0.2 0.3 0.4 0.5"}, "25 variants"),
    ],
)
def test_what_is_no_list_is_said(lists, said):
    with pytest.raises(InputError) as caught:
        variants_of(lists, operations()["compare"].parameters.schema["properties"]["variants"])
    assert said in str(caught.value)


def test_the_servers_schema_says_how_many_and_how_strong():
    schema = {"maxItems": 2, "items": {"properties": {"strength": {"maximum": 3}}}}
    assert len(variants_of({"strength": "1.5, 3"}, schema)) == 2
    with pytest.raises(InputError, match="--strengths must be at most 3"):
        variants_of({"strength": "3.5"}, schema, label=lambda axis: f"--{axis.title.lower()}")
    with pytest.raises(InputError, match="3 variants; a sheet holds 2"):
        variants_of({"strength": "1, 2, 3"}, schema)


def test_what_there_is_can_be_listed():
    listed = suggestions(COMPARE, (TUNE, FILM))
    assert listed["model"] == [("Tune", "tune")]
    assert listed["loras"] == [("Film", "film:0.6"), ("Without a LoRA", "none")]
    assert suggestions(COMPARE, (TUNE,))["loras"] == []


@pytest.mark.parametrize(("text", "expected"), [("", "b"), ("a", "a, b"), (" a;, ", "a, b")])
def test_a_list_goes_on(text, expected):
    assert with_another(text, "b") == expected


def test_a_name_that_nothing_has_is_said():
    say, models = Texts(), (TUNE, FILM)
    assert unknown(variants_of({"model": "tune", "loras": "film none"}), models, "compare", say) == ""
    said = [unknown(variants_of(lists), models, "compare", say) for lists in ({"model": "other"}, {"loras": "grain:2"})]
    assert said == ["There is no checkpoint named “other”.", "There is no LoRA named “grain”."]


def test_what_a_form_says_of_lists_while_they_are_written():
    schema = COMPARE.get("variants").schema
    assert variants_or_none({"seed": "1, 2"}, schema) == [{"seed": 1}, {"seed": 2}]
    assert variants_or_none({"seed": "much"}, schema) is None

    def wrong(lists):
        return problem(lists, schema, (TUNE, FILM), "compare", Texts())

    assert wrong({"seed": "1, 2", "model": "tune"}) == ""
    assert wrong({"seed": "much"}).startswith("“much” is no seed.")
    assert wrong({"model": "other"}) == "There is no checkpoint named “other”."


@pytest.mark.parametrize(
    ("lists", "said"),
    [
        (
            {"model": "tune, large", "loras": "film, none"},
            "The LoRA film does not fit large: compare those that go together.",
        ),
        ({"model": "tune, large", "loras": "none"}, ""),
        ({"loras": "film"}, ""),  # the job's own checkpoint is meant: the choice of it knows what fits
    ],
)
def test_a_lora_that_fits_only_some_of_the_checkpoints_is_said(lists, said):
    large = replace(TUNE, name="large", family="sd1")
    assert problem(lists, {}, (TUNE, large, FILM), "compare", Texts()) == said
