"""What is kept of parameters: seen from the fields of a panel that there is none of."""

import pytest

from fakes.models import FOR_PROMPTS
from fakes.scripted_client import ScriptedClient, real_welcome
from foveate_server.engines.deterministic import tints
from foveate_shared.editor import kept_parameters
from foveate_shared.editor.controller import Controller
from foveate_shared.editor.kept_parameters import WORDS, KeptParameter
from foveate_shared.errors import InputError
from foveate_shared.forms import operation_form as form
from foveate_shared.wire.protocol import ModelInfo, Models

PHOTO = ModelInfo("photo", "Photo", ("refocus", "faces", "upscale"), 4, True)
CHECKPOINT = tints.MODEL
FEW_STEPS = {"num_inference_steps": 4, "guidance_scale": 1.0, "scheduler": "euler"}
FAST = ModelInfo("fast", "Fast", (), 1, available=True, kind="lora", fits=("deterministic",), defaults=FEW_STEPS)


@pytest.fixture
def controller(tmp_path):
    client = ScriptedClient()
    made = Controller(tmp_path / "settings.json", lambda _: client, system_language=lambda: "en")
    made.wake()
    client.tell(real_welcome(), Models(1, (PHOTO, *FOR_PROMPTS, FAST)))
    made.poll()
    return made


@pytest.fixture
def kept(controller):
    """Return what is kept of an operation's parameter."""

    def find(operation, name):
        info = next(each for each in controller.operations if each.name == operation)
        parameter = next(each for each in form.parameters_in(info) if each.name == name)
        return KeptParameter(lambda: controller, operation, parameter)

    return find


def test_before_it_is_changed_the_default_is_shown(controller, kept):
    strength = kept("refocus", "strength")
    assert (strength.get(), strength.view("strength")) == (None, 1.0)
    controller.keep("refocus", "model", CHECKPOINT)
    assert strength.view("strength") == 0.5
    strength.put(0.70000001)
    assert (strength.view("strength"), controller.used(WORDS)) == (0.7, {"strength of refocus": 0.7})


def test_a_style_takes_back_what_it_says_itself(controller, kept):
    controller.keep("refocus", "model", CHECKPOINT)
    strength, preset = kept("refocus", "strength"), kept("refocus", "preset")
    strength.put(0.9)
    preset.choose([each.value for each in preset.choices].index("portrait"))
    assert preset.choices[preset.chosen].value == "portrait"
    assert strength.view("strength") == 0.4


def test_a_chosen_lora_begins_at_its_usual_weight(controller, kept):
    controller.keep("faces", "model", CHECKPOINT)
    loras = kept("faces", "loras")
    loras.choose_lora(2, "deterministic-lora")
    assert loras.said(extends=False) == [{"name": "deterministic-lora", "weight": 1.0}]


def test_a_kept_lora_for_few_steps_says_the_sampling(controller, kept):
    controller.keep("faces", "model", CHECKPOINT)
    loras, steps = kept("faces", "loras"), kept("faces", "num_inference_steps")
    usual = steps.view("num_inference_steps")
    loras.choose_lora(1, "fast")
    assert steps.view("num_inference_steps") == 4 != usual
    loras.put(0.0, "loras_1_weight")
    assert steps.view("num_inference_steps") == usual
    steps.put(9)
    assert kept_parameters.parameters_of(controller, "faces", {})["num_inference_steps"] == 9


def test_sides_are_said_where_the_picture_is_to_grow(controller, kept):
    assert kept_parameters.offered(controller)[-1] == "extend"
    sides = kept("fill", "extend")
    assert sides.said(extends=False) is None
    with pytest.raises(InputError, match="No side is to grow"):
        sides.said(extends=True)
    sides.put(9, "extend_left")
    assert kept_parameters.parameters_of(controller, "extend", {}) == {"extend": {"left": 9}}
    assert kept_parameters.parameters_of(controller, "fill", {}) == {}


def test_what_stands_elsewhere_is_asked_for_where_it_matters(controller):
    asked = []
    others = {"only": lambda kept: asked.append(kept.operation) or [1, 3]}
    assert kept_parameters.parameters_of(controller, "refocus", others) == {}
    assert kept_parameters.parameters_of(controller, "faces", others) == {"only": [1, 3]}
    assert asked == ["faces"]


def test_a_number_beyond_its_limits_is_said_within_them(kept):
    score = kept("faces", "min_score")
    score.put(7.5)
    assert score.said(extends=False) == 1


def test_a_job_that_starts_by_itself_has_what_was_used_last(controller):
    assert kept_parameters.used_last(controller, "refocus") == {}
    controller.keep("refocus", "strength", 0.4)
    controller.keep("refocus", "last", {"model": CHECKPOINT, "prompt": "a door", "siblings": [1, 2]})
    assert kept_parameters.used_last(controller, "refocus") == {"strength": 0.4}  # with a restorer by now
    controller.keep("refocus", "model", CHECKPOINT)
    assert kept_parameters.used_last(controller, "refocus") == {"model": CHECKPOINT, "prompt": "a door"}


def test_a_schema_is_the_servers_or_empty(controller):
    assert kept_parameters.schema_of(controller, "compare", "variants")["type"] == "array"
    assert kept_parameters.schema_of(controller, "compare", "wheels") == {}
    assert kept_parameters.schema_of(controller, "wheels", "variants") == {}
