"""Fields made of schemas: their kinds and limits, and what they read and write."""

import pytest

from fakes.models import FOR_PROMPTS
from fakes.scripted_client import ScriptedClient, real_welcome
from foveate_server.engines.deterministic import tints
from foveate_shared.editor.controller import Controller
from foveate_shared.editor.kept_fields import ValueKind, fields_of
from foveate_shared.editor.kept_parameters import KeptParameter
from foveate_shared.forms.operation_form import parameters_in
from foveate_shared.wire.protocol import Models

LARGEST = 1000
CHECKPOINT = tints.MODEL


@pytest.fixture
def controller(tmp_path):
    client = ScriptedClient()
    made = Controller(tmp_path / "settings.json", lambda _: client)
    made.wake()
    client.tell(real_welcome(), Models(1, FOR_PROMPTS))
    made.poll()
    return made


@pytest.fixture
def fields(controller):
    """Return the fields of an operation, by name."""

    def fields(operation):
        info = next(each for each in controller.operations if each.name == operation)
        kept = [KeptParameter(lambda: controller, operation, parameter) for parameter in parameters_in(info)]
        return {field.name: field for each in kept for field in fields_of(each, LARGEST)}

    return fields


def test_each_is_of_its_parameters_kind(fields):
    found = fields("upscale")
    kinds = {name: found[name].kind for name in ("prompt", "scale", "seed", "strength", "preset", "model")}
    assert kinds == {
        "prompt": ValueKind.TEXT,
        "scale": ValueKind.CHOICE,
        "seed": ValueKind.WHOLE,
        "strength": ValueKind.NUMBER,
        "preset": ValueKind.CHOICE,
        "model": ValueKind.NAME,
    }
    assert (found["strength"].low, found["strength"].high, found["strength"].is_share) == (0, 1, True)
    assert found["seed"].high == LARGEST  # what an editor's numbers can hold


def test_what_is_written_is_read_and_what_is_no_value_is_not(fields, controller):
    strength = fields("refocus")["strength"]
    strength.write(0.30000001)
    assert strength.read() == 0.3
    controller.keep("refocus", "strength", "soft")
    controller.keep("words", "strength of refocus", "soft")
    assert strength.read() == strength.usual


def test_a_choice_is_read_and_written_by_its_number(fields):
    scale = fields("upscale")["scale"]
    scale.write(1)
    assert scale.read() == 1
    assert scale.kept.get() == scale.kept.choices[1].value


def test_a_lora_comes_with_its_weight_and_offers_what_fits(fields):
    fields("refocus")["model"].write(CHECKPOINT)
    found = fields("refocus")
    assert [option.name for option in found["loras_1"].options] == ["", "deterministic-lora"]
    found["loras_2"].choose("deterministic-lora")
    assert found["loras_2"].read() == "deterministic-lora"
    assert found["loras_2_weight"].kept.get("loras_2_weight") == 1


def test_sides_and_lists_have_fields_of_their_own(fields):
    assert {"extend_left", "extend_right", "extend_top", "extend_bottom"} <= set(fields("fill"))
    lists = fields("compare")
    assert {"models", "strengths", "seeds", "loras"} <= set(lists)
    assert lists["seeds"].options == ()
    lists["loras"].write("a:0.5, ")
    lists["loras"].choose(lists["loras"].options[-1].name)
    assert lists["loras"].read() == "a:0.5, none"
