"""Forms of the server's real operations, and what becomes of their values."""

from dataclasses import replace

import pytest
from jsonschema import Draft202012Validator

from fakes.models import FOR_PROMPTS, catalog_of
from foveate_server.engines.deterministic import tints
from foveate_server.jobs.resolve_parameters import settle
from foveate_server.operations.registry import operations
from foveate_server.presets import load_presets
from foveate_shared.forms.operation_form import (
    MAX_VARIATIONS,
    SEEDS,
    form_for,
    parameters_in,
    variation_number,
    with_seeds,
)
from foveate_shared.i18n.translations import Texts, languages
from foveate_shared.wire.protocol import ModelInfo, OperationInfo

RESTORER = ModelInfo("sharp", "Sharp", ("refocus", "faces", "upscale"), 4, True)
MODELS = (RESTORER, *FOR_PROMPTS)
CHECKPOINT = tints.MODEL
PRESETS = load_presets(None)
PROMPTED = ["refocus", "faces", "upscale", "fill", "compare"]


def info(name):
    operation = operations()[name]
    properties = operation.parameters.schema["properties"]
    if "preset" in properties:
        properties = {**properties, "preset": {**properties["preset"], "x-presets": PRESETS.described()}}
    return OperationInfo(name, operation.title, {**operation.parameters.schema, "properties": properties})


def form(name, wanted="", preset=""):
    return form_for(info(name), MODELS, wanted, preset)


def test_loras_for_few_steps_say_the_sampling_unless_a_preset_does():
    fast = {"num_inference_steps": 4, "guidance_scale": 1.0, "scheduler": "euler"}
    lora = ModelInfo("fast", "Fast", (), 1, available=True, kind="lora", fits=("deterministic",), defaults=fast)
    models = (*MODELS, lora)

    def defaults(preset="", *loras, wanted=CHECKPOINT):
        shown = form_for(info("refocus"), models, wanted, preset, loras)
        return {name: shown.default(name) for name in fast}

    assert defaults("", "fast") == defaults("", tints.LORA, "fast") == fast
    assert defaults("", "nobody") == defaults() != fast
    assert defaults("", "fast", wanted=RESTORER.name) == dict.fromkeys(fast)
    said = info("refocus")
    presets = [{"name": "slow", "parameters": {"num_inference_steps": 30}}]
    properties = {**said.parameters["properties"], "preset": {"type": "string", "x-presets": presets}}
    slow = form_for(replace(said, parameters={"properties": properties}), models, CHECKPOINT, "slow", ("fast",))
    assert {name: slow.default(name) for name in fast} == {**fast, "num_inference_steps": 30}
    shown = form_for(said, models, CHECKPOINT, "", ("fast",))
    chosen = {"prompt": "a cat", "num_inference_steps": 4, "guidance_scale": 3.0}
    assert shown.parameters_of(chosen) == {"model": CHECKPOINT, "prompt": "a cat", "guidance_scale": 3.0}


def names(parameters):
    return [parameter.name for parameter in parameters]


def test_a_restorer_knows_nothing_of_prompts():
    shown = form("refocus")
    assert shown.model == RESTORER
    assert not shown.is_prompted
    assert names(shown.basic) == ["strength"]
    assert names(shown.advanced) == ["split", "exact"]
    assert shown.presets == ()
    assert shown.default("strength") == 1


def test_a_checkpoint_is_asked_in_the_order_of_the_schema():
    shown = form("refocus", CHECKPOINT)
    assert shown.is_prompted
    assert names(shown.basic) == ["prompt", "negative_prompt", "preset", "strength"]
    assert names(shown.advanced) == [
        "split",
        "seed",
        "num_inference_steps",
        "guidance_scale",
        "scheduler",
        "loras",
        "embeddings",
        "vae",
        "exact",
    ]
    assert names(form("fill").basic) == ["prompt", "negative_prompt", "preset", "strength", "start", "extend"]
    assert names(form("upscale", CHECKPOINT).basic)[:3] == ["prompt", "negative_prompt", "preset"]


def test_defaults_are_those_that_the_server_takes():
    shown = form("refocus", CHECKPOINT)
    assert shown.default("strength") == 0.5  # by kind of model
    assert shown.default("num_inference_steps") == tints.STEPS  # the checkpoint's
    assert shown.default("seed") is None
    assert shown.default("seed", 7) == 7
    assert form("refocus", CHECKPOINT, "portrait").default("strength") == 0.4  # the preset's
    assert form("fill").default("strength") == 1.0
    assert form("fill").default("start") == "fill"


def test_limits_titles_and_choices():
    shown = form("fill", CHECKPOINT)
    steps, start = shown.get("num_inference_steps"), shown.get("start")
    assert (steps.title, steps.type, steps.minimum, steps.maximum) == ("Steps", "integer", 1, 150)
    assert [(choice.value, choice.title) for choice in start.choices] == [
        ("fill", "Surroundings"),
        ("original", "What is there"),
        ("noise", "Noise"),
    ]
    assert [choice.value for choice in shown.get("preset").choices] == ["", *PRESETS.by_name]
    assert [choice.value for choice in shown.get("scheduler").choices] == ["none"]
    assert [choice.value for choice in shown.get("loras").choices] == [tints.LORA]
    assert [choice.value for choice in shown.get("vae").choices] == [""]
    assert shown.get("nothing of the kind") is None


def test_what_is_only_for_recipes_is_not_shown():
    for name in PROMPTED:
        assert not {"pinned", "subject_prompts", "model"} & set(names(form(name, CHECKPOINT).parameters))


def test_what_is_at_its_default_is_left_out():
    shown = form("refocus", CHECKPOINT)
    values = {"prompt": " ", "strength": 0.5, "preset": "", "loras": [], "vae": None, "num_inference_steps": 20.0}
    assert shown.parameters_of(values) == {"model": CHECKPOINT}
    values = {"prompt": "a door", "strength": 0.0, "seed": 0, "guidance_scale": 1.5, "exact": True}
    assert shown.parameters_of(values) == {"model": CHECKPOINT, **values}


def test_a_presets_word_is_the_default_and_can_be_overruled():
    shown = form("refocus", CHECKPOINT, "portrait")
    assert shown.parameters_of({"preset": "portrait", "strength": 0.4}) == {"model": CHECKPOINT, "preset": "portrait"}
    assert shown.parameters_of({"preset": "portrait", "strength": 0.5})["strength"] == 0.5


def test_what_a_restorer_does_not_know_is_not_asked_of_it():
    values = {"prompt": "a door", "strength": 0.3, "seed": 3, "loras": [{"name": "x"}]}
    assert form("refocus").parameters_of(values) == {"strength": 0.3}


@pytest.mark.parametrize("name", PROMPTED)
def test_the_server_takes_what_a_form_says(name):
    shown = form(name, CHECKPOINT, "portrait")
    values = {parameter.name: parameter.default for parameter in shown.parameters}
    values |= {"prompt": "a door", "preset": "portrait", "seed": 5, "loras": [{"name": "deterministic-lora"}]}
    said = shown.parameters_of(values)
    Draft202012Validator(info(name).parameters).validate(said)
    settled = settle(operations()[name], said, catalog_of(MODELS), lambda: PRESETS)
    assert settled.model.name == CHECKPOINT
    assert settled.parameters["strength"] == 0.4


def test_a_preset_may_choose_the_model():
    described = [{"name": "film", "parameters": {"model": CHECKPOINT}}, "nonsense", {"title": "no name"}]
    schema = {"properties": {"preset": {"x-kinds": ["diffusion"], "x-presets": described}}}
    shown = form_for(OperationInfo("refocus", "Refocus", schema), MODELS, "", "film")
    assert shown.model.name == CHECKPOINT
    assert [preset.title for preset in shown.presets] == ["film"]


def test_an_older_servers_operation_is_a_restorers():
    old = OperationInfo("refocus", "Refocus", {"properties": {"strength": {"type": "number", "default": 1}}})
    shown = form_for(old, ())
    assert (shown.model, shown.is_prompted) == (None, False)
    assert shown.default("strength") == 1
    assert form_for(OperationInfo("odd", "Odd", {}), MODELS).parameters == ()


def test_variations_differ_by_their_seeds_alone():
    jobs = with_seeds({"prompt": "a door"}, 3)
    first = jobs[0]["seed"]
    assert [job["seed"] for job in jobs] == [(first + number) % SEEDS for number in range(3)]
    assert all(job["prompt"] == "a door" and job["siblings"] == [job["seed"] for job in jobs] for job in jobs)
    Draft202012Validator(info("refocus").parameters).validate(jobs[0])
    assert [job["seed"] for job in with_seeds({"seed": SEEDS - 1}, 2)] == [SEEDS - 1, 0]
    assert [job["seed"] for job in with_seeds({"seed": 3}, 2, first=9)] == [9, 10]
    assert with_seeds({"prompt": "a door"}, 1) == [{"prompt": "a door"}]
    assert with_seeds({"seed": 4}, 1) == [{"seed": 4}]


def test_a_variation_knows_its_number():
    assert [variation_number(job) for job in with_seeds({"seed": SEEDS - 1}, 3)] == [1, 2, 3]
    assert variation_number({"seed": 4}) is None
    assert variation_number({"seed": 4, "siblings": [5]}) is None
    assert MAX_VARIATIONS == 8


@pytest.mark.parametrize("language", languages())
def test_all_that_a_form_shows_is_translated(language):
    say, missing = Texts(language), set()
    for name in PROMPTED:
        for parameter in form(name, CHECKPOINT).parameters:
            missing |= {text for text in (parameter.title, parameter.description) if text not in say.catalogue}
            if parameter.name in {"start", "target", "preset"}:
                missing |= {choice.title for choice in parameter.choices if choice.title not in say.catalogue}
    assert missing == set()


def test_limits_of_parts_are_the_schemas():
    sides = form("fill", CHECKPOINT).get("extend").parts
    assert names(sides) == ["left", "top", "right", "bottom"]
    assert {(side.type, side.minimum, side.maximum, side.default) for side in sides} == {("integer", 0, 16384, 0)}
    weight = form("refocus", CHECKPOINT).get("loras").part("weight")
    assert (weight.minimum, weight.maximum, weight.default) == (-4, 4, 1)
    assert weight.part("nothing") is None


def test_a_number_is_kept_within_its_limits():
    strength, steps = (form("refocus", CHECKPOINT).get(name) for name in ("strength", "num_inference_steps"))
    assert (strength.is_share, steps.is_share) == (True, False)
    assert [steps.within(value) for value in (0, 7, 1000)] == [1, 7, steps.maximum]


def test_all_that_an_operation_knows_whatever_model_does_it():
    known = {parameter.name: parameter for parameter in parameters_in(info("fill"))}
    assert {"prompt", "strength", "extend", "model", "exact"} <= known.keys()
    assert {"pinned", "siblings", "subject_prompts"}.isdisjoint(known)  # a recipe's own
    assert known["prompt"].is_for_checkpoints
    assert not known["exact"].is_for_checkpoints
    assert [name for name, parameter in known.items() if parameter.are_numbers] == ["extend"]
    assert [name for name, parameter in known.items() if parameter.is_closed] == ["start"]
    assert {name for name, parameter in known.items() if parameter.names_a_choice} == {
        "preset",
        "scheduler",
        "loras",
        "embeddings",
        "vae",
    }


def test_a_style_says_nothing_to_a_restorer():
    assert form("refocus", "sharp", "portrait").default("strength") == 1
    assert form("refocus", CHECKPOINT, "portrait").default("strength") == 0.4


def test_where_all_is_shown_a_restorer_is_told_what_it_shows():
    values = {"strength": 1.0, "split": False}
    assert form("refocus").shown_parameters_of(values) == {"strength": 1.0}
    assert form("refocus", CHECKPOINT).shown_parameters_of({**values, "strength": 0.5}) == {"model": CHECKPOINT}


def test_what_was_set_stays_where_it_means_the_same():
    restorer, checkpoint = form("refocus"), form("refocus", CHECKPOINT)
    used = {"prompt": "a door"}
    assert checkpoint.carried_over(None, {}, used) == used
    assert restorer.carried_over(restorer, {"strength": 0.4}, used) == {"strength": 0.4}
    set_by_hand = {"strength": 0.4, "split": True}
    assert checkpoint.carried_over(restorer, set_by_hand, used) == {**used, "split": True}  # strengths differ


def test_a_field_shows_another_default_and_no_other_limits():
    strength = form("refocus", CHECKPOINT).get("strength")
    assert form("refocus", CHECKPOINT, "portrait").get("strength").looks_like(strength)
    assert not replace(strength, default=None).looks_like(strength)
    assert not replace(strength, schema={}).looks_like(strength)
    assert not strength.looks_like(None)


def test_a_form_tells_which_fields_of_another_it_shows():
    restorer, checkpoint = form("refocus", "sharp"), form("refocus", CHECKPOINT)
    assert checkpoint.looking_like(None) == set()
    assert checkpoint.looking_like(checkpoint) == set(names(checkpoint.parameters))
    shared = restorer.looking_like(checkpoint)
    assert shared
    assert shared <= set(names(restorer.parameters)) & set(names(checkpoint.parameters))
    assert "prompt" not in shared


def test_variations_differ_by_their_seeds():
    assert not form("refocus").has_variations
    assert form("refocus", CHECKPOINT).has_variations
    assert not form("compare").has_variations
