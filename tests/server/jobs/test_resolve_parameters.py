import pytest

from fakes.models import MODELS, RESTORERS, catalog_of
from foveate_server.engines.deterministic import tints as made_up
from foveate_server.jobs.resolve_parameters import settle
from foveate_server.models.client_listing import tell
from foveate_server.models.entry import ModelEntry, ModelFile, SourceSpec
from foveate_server.operations.operation import models_taken
from foveate_server.operations.registry import operations
from foveate_server.presets import load_presets
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.wire.protocol import ModelInfo

OPERATIONS = operations()


def packaged_presets():
    return load_presets(None)


def settled(operation="refocus", models=MODELS, **parameters):
    return settle(OPERATIONS[operation], parameters, catalog_of(models), packaged_presets)


def test_without_words_the_first_restorer_does_it():
    found = settled(prompt="", loras=[], seed=None)
    assert found.model == RESTORERS[0]
    assert found.parameters == {"model": RESTORERS[0].name}
    assert not found.notes


def test_words_mean_a_checkpoint():
    found = settled(prompt="a cat")
    assert found.model is not None
    assert found.model.name == made_up.MODEL
    assert found.parameters["prompt"] == "a cat"
    assert "subject_prompts" not in found.parameters


def test_the_seed_is_drawn_once_and_a_given_one_stays():
    seeds = {settled(model=made_up.MODEL).parameters["seed"] for _ in range(5)}
    assert len(seeds) == 5
    assert settled(model=made_up.MODEL, seed=0).parameters["seed"] == 0


def test_an_empty_prompt_brings_the_words_by_subject():
    words = settled(model=made_up.MODEL).parameters["subject_prompts"]
    assert "portrait" in words["face"]["prompt"]
    assert "photograph" in words["other"]["prompt"]
    assert not words["other"]["prompt"].startswith(",")


def test_settling_again_changes_nothing():
    once = settled(prompt=f"a cat, {made_up.EMBEDDING}", preset="illustration").parameters
    assert settled(**once).parameters == once


def test_what_the_job_says_goes_before_its_preset():
    found = settled(prompt="a hand", preset="hand", negative_prompt="rings").parameters
    assert found["strength"] == 0.55
    assert found["prompt"].startswith("a hand, photograph of a hand")
    assert found["negative_prompt"].startswith("rings, extra fingers")
    assert "preset" not in found
    assert settled(prompt="x", preset="hand", strength=0.1).parameters["strength"] == 0.1


@pytest.mark.parametrize(
    "parameters", [{"prompt": "a cat"}, {"loras": [{"name": made_up.LORA}]}, {"guidance_scale": 3.0}]
)
def test_a_restorer_is_not_asked_for_what_it_does_not_know(parameters):
    with pytest.raises(InputError, match=f"knows no {next(iter(parameters))}"):
        settled(model=RESTORERS[0].name, **parameters)


def test_a_seed_for_a_restorer_is_a_note():
    found = settled(model=RESTORERS[0].name, seed=3)
    assert "seed" not in found.parameters
    assert "no seed" in found.notes[0]


def test_variations_of_what_is_always_the_same_are_refused():
    with pytest.raises(InputError, match="uses no seed: all variations would be the same"):
        settled(model=RESTORERS[0].name, seed=3, siblings=[3, 4])


@pytest.mark.parametrize(
    ("operation", "parameters", "what"),
    [
        ("refocus", {"prompt": "a cat"}, "A prompt"),
        ("refocus", {"num_inference_steps": 9}, "Steps"),
        ("fill", {"prompt": "a cat"}, "Fill"),
        ("fill", {"extend": {"left": 8}}, "Fill"),
        ("compare", {"variants": [{"strength": 0.5}]}, "Compare"),
    ],
)
def test_what_needs_a_checkpoint_is_called_by_its_name_and_says_what_to_do(operation, parameters, what):
    with pytest.raises(InputError, match=f"^{what} needs a checkpoint, and this server has none") as caught:
        settled(operation, models=RESTORERS, **parameters)
    assert "foveate models add" in caught.value.info.remedy


def test_an_unknown_model_names_those_that_there_are():
    with pytest.raises(InputError, match="no model named 'nothing'") as caught:
        settled(model="nothing")
    assert caught.value.info.code is ErrorCode.UNKNOWN_MODEL
    assert made_up.MODEL in caught.value.info.remedy


def test_embeddings_are_found_by_their_words():
    assert settled(prompt=f"a {made_up.EMBEDDING} cat").parameters["embeddings"] == [made_up.EMBEDDING]
    assert settled(prompt="x", negative_prompt=made_up.EMBEDDING.upper()).parameters["embeddings"]
    assert "embeddings" not in settled(prompt=f"a {made_up.EMBEDDING}-like cat").parameters


def test_what_does_not_fit_the_checkpoint_is_one_sentence():
    with pytest.raises(InputError, match="made for foreign and does not fit") as caught:
        settled(prompt="x", loras=[{"name": made_up.FOREIGN_LORA}])
    assert made_up.LORA in caught.value.info.remedy
    with pytest.raises(InputError, match="no VAE named 'v'"):
        settled(prompt="x", vae="v")


def test_each_variant_is_settled_and_labelled_and_all_share_a_seed():
    variants = [{"strength": 0.3}, {"seed": 5, "label": "mine"}, {"loras": [{"name": made_up.LORA, "weight": 0.5}]}]
    found = settled("compare", variants=variants, prompt="a cat", preset="hand").parameters
    first, second, third = found["variants"]
    assert [variant["label"] for variant in (first, second, third)] == ["strength 0.3", "mine", f"{made_up.LORA} 0.5"]
    assert first["seed"] == third["seed"] == found["seed"]
    assert (first["strength"], second["strength"], second["seed"]) == (0.3, 0.55, 5)
    assert first["prompt"].count("photograph of a hand") == 1
    assert settled("compare", **found).parameters == found


def test_what_all_variants_have_in_common_is_no_part_of_their_labels():
    def labels(*variants):
        return [each["label"] for each in settled("compare", variants=list(variants)).parameters["variants"]]

    assert labels({"strength": 0.3, "seed": 5}, {"strength": 0.5, "seed": 5}) == ["strength 0.3", "strength 0.5"]
    assert labels({"strength": 0.3, "seed": 5}, {"strength": 0.5}) == ["strength 0.3, seed 5", "strength 0.5"]
    assert labels({"strength": 0.3, "seed": 5}) == ["strength 0.3, seed 5"]
    assert labels({"strength": 0.3}, {"strength": 0.3}) == ["strength 0.3"] * 2


def test_variants_that_differ_by_their_seeds_alone_know_of_each_other():
    variants = [{"strength": strength, "seed": seed} for strength in (0.3, 0.5) for seed in (1, 2)] + [{"seed": 3}]
    found = settled("compare", variants=variants).parameters
    assert [variant.get("siblings") for variant in found["variants"]] == [[1, 2]] * 4 + [None]
    assert settled("compare", **found).parameters == found


def test_a_variant_with_an_unknown_model_is_refused():
    with pytest.raises(InputError, match="no model named 'nothing'"):
        settled("compare", variants=[{"model": "nothing"}])


def test_filling_needs_a_checkpoint_and_takes_the_first():
    assert settled("fill").model.name == made_up.MODEL
    with pytest.raises(InputError, match="Fill needs a checkpoint"):
        settled("fill", models=RESTORERS)


def entry(name, kind, family, facts):
    source, files = SourceSpec("file", {}), (ModelFile("f.safetensors", "0" * 64, 1),)
    return ModelEntry(name, name, kind, family, 1, "", None, source, files, family, facts)


FILES = [
    entry("photoreal", "diffusion", "sd1", {"embedding_widths": [768], "context_width": 768}),
    entry("film", "lora", "sd1", {"context_width": 768}),
    entry("odd", "lora", "", {"context_width": 640}),
    entry("film-xl", "lora", "sdxl", {"context_width": 2048}),
    entry("wide", "embedding", "", {"widths": {"clip_l": 512}}),
]
TOLD = tell(FILES, lambda _: True, lambda _: False).serving(models_taken(OPERATIONS))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("film-xl", "The LoRA film-xl is for Stable Diffusion XL, and photoreal is Stable Diffusion 1.x."),
        ("odd", "The LoRA odd does not fit photoreal: its layers read text of width 640, not 768."),
    ],
)
def test_files_tell_why_one_does_not_fit(name, sentence):
    with pytest.raises(InputError) as caught:
        settle(OPERATIONS["refocus"], {"loras": [{"name": name}]}, TOLD, packaged_presets)
    assert caught.value.info.message == sentence
    assert caught.value.info.remedy == "For photoreal there is: film."


def test_a_lora_for_few_steps_says_what_the_job_leaves_open():
    fast = {"num_inference_steps": 4, "guidance_scale": 1.0, "scheduler": "euler"}
    lora = ModelInfo("fast", "Fast", (), 1, available=True, kind="lora", fits=("deterministic",), defaults=fast)
    models = (*MODELS, lora)
    loras = [{"name": "fast"}]
    found = settled(models=models, prompt="a cat", loras=loras, guidance_scale=2)
    assert {name: found.parameters[name] for name in fast} == {**fast, "guidance_scale": 2}
    assert [str(note).partition(",")[0] for note in found.notes] == ["The LoRA fast makes pictures in few steps"]
    assert not settled(models=models, **found.parameters).notes  # a replay has it all
    none = settled(models=models, prompt="a cat", loras=[{"name": "fast", "weight": 0}])
    assert "scheduler" not in none.parameters
    job = settled("compare", models=models, prompt="a cat", loras=loras, variants=[{}, {"loras": []}]).parameters
    assert [variant.get("scheduler") for variant in (job, *job["variants"])] == [None, "euler", None]


def test_what_a_lora_holds_in_vain_is_told():
    bundle = entry("bundle", "lora", "sd1", {"context_width": 768, "bundled_words": ["sks"]})
    told = tell([*FILES, bundle], lambda _: True, lambda _: False).serving(models_taken(OPERATIONS))
    found = settle(OPERATIONS["refocus"], {"loras": [{"name": "bundle"}]}, told, packaged_presets)
    assert [str(note) for note in found.notes] == [
        "The LoRA bundle brings the embedding sks, which is left out: add it as a file of its own."
    ]


def test_a_word_of_another_width_is_taken_as_it_is_with_a_note():
    found = settle(OPERATIONS["refocus"], {"prompt": "wide"}, TOLD, packaged_presets)
    assert "embeddings" not in found.parameters
    assert found.notes == ("The embedding wide does not fit photoreal, so its word is taken as it is.",)


def test_a_replay_takes_the_same_file_under_another_name():
    asked = {"model": "elsewhere", "prompt": "x", "pinned": {"models": {"elsewhere": "0" * 64}}}
    told = tell(FILES[:1], lambda _: True, lambda _: False).serving(models_taken(OPERATIONS))
    assert settle(OPERATIONS["refocus"], asked, told, packaged_presets).model.name == "photoreal"


def test_what_a_variant_empties_does_not_come_back_from_the_job():
    given = {"prompt": "a cat", "loras": [{"name": made_up.LORA}], "variants": [{"loras": []}, {"prompt": ""}, {}]}
    bare, wordless, whole = settled("compare", **given).parameters["variants"]
    assert (bare["loras"], bare["label"]) == ([], "no LoRA")
    assert (wordless["prompt"], wordless["loras"]) == ("", [{"name": made_up.LORA}])
    assert (whole["prompt"], whole["loras"]) == ("a cat", [{"name": made_up.LORA}])


def test_the_restorer_before_a_checkpoint_is_settled():
    asked = {"model": made_up.MODEL}
    assert settled("upscale", **asked).parameters["restorer"] == RESTORERS[0].name
    assert settled("upscale", **asked, restorer=RESTORERS[1].name).parameters["restorer"] == RESTORERS[1].name
    assert "restorer" not in settled("refocus", **asked).parameters
    with pytest.raises(InputError, match="no restorer named 'deterministic-diffusion'") as caught:
        settled("upscale", **asked, restorer=made_up.MODEL)
    assert RESTORERS[1].name in caught.value.info.remedy
    with pytest.raises(InputError, match="knows no restorer"):
        settled("upscale", model=RESTORERS[0].name, restorer=RESTORERS[1].name)


def test_what_only_a_job_can_say_is_not_said_by_its_variants():
    found = settled("compare", exact=True, pinned={"threads": 2}, variants=[{}, {"pinned": {"threads": 1}}]).parameters
    assert (found["exact"], found["pinned"]) == (True, {"threads": 2})
    assert [(each.get("exact"), each.get("pinned")) for each in found["variants"]] == [
        (None, None),
        (None, {"threads": 1}),
    ]
