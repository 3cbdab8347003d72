"""Names to choose: by titles, kept by name, and said where they are gone."""

import pytest

from fakes.models import FOR_PROMPTS
from fakes.scripted_client import ScriptedClient, real_welcome
from foveate_server.engines.deterministic import tints
from foveate_shared.editor import kept_names
from foveate_shared.editor.controller import Controller
from foveate_shared.editor.kept_parameters import KeptParameter
from foveate_shared.forms import comparison_lists
from foveate_shared.forms.operation_form import parameters_in
from foveate_shared.wire.protocol import ModelInfo, Models

PHOTO = ModelInfo("photo", "Photo", ("refocus", "faces", "upscale"), 4, True)
CHECKPOINT = tints.MODEL
AXES = {axis.name: axis for axis in comparison_lists.AXES}


@pytest.fixture
def client():
    return ScriptedClient()


@pytest.fixture
def controller(client, tmp_path):
    made = Controller(tmp_path / "settings.json", lambda _: client, system_language=lambda: "en")
    made.wake()
    tell(client, made, PHOTO, *FOR_PROMPTS)
    return made


def tell(client, controller, *models):
    client.tell(real_welcome(), Models(1, models))
    controller.poll()


@pytest.fixture
def kept(controller):
    """Return what is kept of an operation's parameter."""

    def find(operation, name):
        info = next(each for each in controller.operations if each.name == operation)
        parameter = next(each for each in parameters_in(info) if each.name == name)
        return KeptParameter(lambda: controller, operation, parameter)

    return find


def test_models_are_offered_by_titles_and_nothing_first(kept):
    titles = {each.name: each.title for each in kept_names.options(kept("refocus", "model"))}
    assert list(titles) == ["", "photo", CHECKPOINT]
    assert titles[""] == "Best for photos (default)"
    assert titles["photo"] == "Photo"


def test_what_goes_with_a_checkpoint_begins_with_nothing(kept, controller):
    controller.keep("refocus", "model", CHECKPOINT)
    named = {name: [each.title for each in kept_names.options(kept("refocus", name))] for name in ("loras", "vae")}
    assert named["loras"][0] == "None"
    assert named["vae"][0] == "The checkpoint's own"
    assert len(named["loras"]) == 2


def test_a_list_goes_on_with_titles_for_names(kept):
    offered = {name: kept_names.continuations(kept("compare", "variants"), axis) for name, axis in AXES.items()}
    assert [each.name for each in offered["model"]] == [CHECKPOINT]
    assert [each.name for each in offered["loras"]] == ["deterministic-lora", "none"]
    assert offered["loras"][1].title == "Without a LoRA"
    assert offered["strength"] == offered["seed"] == ()


def test_a_name_outlasts_a_list_that_changes_and_is_said_to_be_gone(kept, controller, client):
    model = kept("refocus", "model")
    controller.keep("refocus", "model", "photo")
    assert kept_names.title_of(model, "model") == "Photo"
    assert kept_names.problem(controller, "refocus") == ""
    tell(client, controller, *FOR_PROMPTS)
    assert model.get() == "photo"
    assert kept_names.title_of(model, "model") == "photo (gone)"
    assert kept_names.problem(controller, "refocus") == "Model: photo is gone. Choose another one."
    tell(client, controller, *FOR_PROMPTS, PHOTO)
    assert kept_names.title_of(model, "model") == "Photo"


def test_a_lora_that_is_gone_is_said(controller):
    controller.keep("refocus", "model", CHECKPOINT)
    controller.keep("words", "loras_2", "grain")
    assert kept_names.problem(controller, "refocus") == "LoRAs: grain is gone. Choose another one."
    controller.keep("refocus", "model", "")  # a restorer, which takes none
    assert kept_names.problem(controller, "refocus") == ""


def test_before_a_server_has_told_any_model_a_name_is_shown_as_it_is(client, tmp_path):
    controller = Controller(tmp_path / "none.json", lambda _: client)
    controller.keep("refocus", "model", "photo")
    info = next(each for each in real_welcome().operations if each.name == "refocus")
    model = next(each for each in parameters_in(info) if each.name == "model")
    assert kept_names.title_of(KeptParameter(lambda: controller, "refocus", model), "model") == "photo"
    assert kept_names.problem(controller, "refocus") == ""


@pytest.mark.parametrize(
    ("lists", "sentence"),
    [
        ({}, "There is nothing to compare. List models, strengths, seeds or LoRAs."),
        ({"compare_models": "nobody"}, "There is no checkpoint named “nobody”."),
        ({"compare_seeds": "1, 2"}, ""),
    ],
)
def test_what_cannot_be_compared_is_said(controller, lists, sentence):
    for name, text in lists.items():
        controller.keep("words", name, text)
    assert kept_names.problem(controller, "compare") == sentence
