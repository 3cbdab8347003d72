"""What a form offers of the models that a server has."""

import pytest

from foveate_shared.forms import checkpoint_choices
from foveate_shared.wire.protocol import ModelInfo


def model(name, kind, operations=(), family="", fits=(), **defaults):
    return ModelInfo(name, name.title(), operations, 1, True, "", kind, family, fits, defaults)


RESTORER = model("sharp", "restore", ("refocus",))
TUNE = model("tune", "diffusion", ("refocus", "fill"), "sd1")
XL = model("xl", "diffusion", ("refocus", "fill"), "sdxl")
FILM = model("film", "lora", family="sd1", fits=("sd1",), weight=0.8, trigger_words=["film grain"])
WORD = model("word", "embedding", family="sd1", fits=("sd1", "sd2"))
VAE = model("vae", "vae", family="sdxl", fits=("sdxl",))
NEWER = model("later", "from-the-future", ("refocus",))
ALL = (RESTORER, TUNE, XL, FILM, WORD, VAE, NEWER)


def test_nothing_of_prompts_before_a_checkpoint_is_there():
    assert not checkpoint_choices.has_checkpoint(())
    assert not checkpoint_choices.has_checkpoint((RESTORER, FILM, NEWER))
    assert checkpoint_choices.has_checkpoint(ALL)


def test_kinds_that_are_not_known_are_not_offered():
    assert checkpoint_choices.models_for(ALL, "refocus") == (RESTORER, TUNE, XL)
    assert checkpoint_choices.models_for(ALL, "fill") == (TUNE, XL)
    assert checkpoint_choices.models_for(ALL, "upscale") == ()


@pytest.mark.parametrize(
    ("operation", "wanted", "expected"),
    [
        ("refocus", "", RESTORER),
        ("fill", "", TUNE),
        ("refocus", "xl", XL),
        ("refocus", "gone", None),
        ("upscale", "", None),
    ],
)
def test_the_first_model_is_the_default(operation, wanted, expected):
    assert checkpoint_choices.model_for(ALL, operation, wanted) == expected


def test_only_what_fits_can_be_added():
    assert checkpoint_choices.additions(ALL, "loras", TUNE) == (FILM,)
    assert checkpoint_choices.additions(ALL, "embeddings", TUNE) == (WORD,)
    assert checkpoint_choices.additions(ALL, "vae", TUNE) == ()
    assert checkpoint_choices.additions(ALL, "vae", XL) == (VAE,)
    assert checkpoint_choices.additions(ALL, "loras", RESTORER) == ()
    assert checkpoint_choices.additions(ALL, "loras", None) == ()


def test_what_a_lora_says_of_itself():
    assert checkpoint_choices.usual_weight(FILM) == 0.8
    assert checkpoint_choices.usual_weight(WORD) == 1.0
    assert checkpoint_choices.usual_weight(model("odd", "lora", weight=True)) == 1.0
    assert checkpoint_choices.trigger_words(FILM) == ("film grain",)
    assert checkpoint_choices.trigger_words(model("odd", "lora", trigger_words="no list")) == ()


def test_loras_as_a_parameter():
    assert checkpoint_choices.with_loras([("film", 0.5)]) == [{"name": "film", "weight": 0.5}]


def test_weights_are_read_back_from_whatever_a_parameter_holds():
    said = [{"name": "film", "weight": 0.5}, {"name": "grain"}, "word"]
    assert checkpoint_choices.weights_of(said) == {"film": 0.5, "grain": None, "word": None}
    assert checkpoint_choices.weights_of(None) == {}
