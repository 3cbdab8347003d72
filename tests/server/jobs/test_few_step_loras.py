import pytest

from foveate_server.jobs.few_step_loras import settle_sampling
from foveate_shared.errors import InputError
from foveate_shared.wire.protocol import ModelInfo

KNOWN = {"num_inference_steps": {}, "guidance_scale": {}, "scheduler": {}, "strength": {}}
FAST = {"num_inference_steps": 4, "guidance_scale": 1.0, "scheduler": "euler"}


def lora(name: str, **defaults) -> ModelInfo:
    return ModelInfo(name, name, (), 1, available=True, kind="lora", family="sdxl", fits=("sdxl",), defaults=defaults)


def test_a_job_that_says_nothing_has_the_lora_s_sampling_and_says_so():
    given = {"prompt": "a cat"}
    [note] = settle_sampling(given, KNOWN, [lora("style", weight=0.8), lora("lightning", **FAST)])
    assert given == {"prompt": "a cat", **FAST}
    assert str(note) == (
        "The LoRA lightning makes pictures in few steps, so the job has its sampling: 4 steps, guidance 1.0, euler."
    )


def test_what_the_job_says_goes_first():
    given = {"num_inference_steps": 12}
    [note] = settle_sampling(given, KNOWN, [lora("lightning", **FAST)])
    assert given == {**FAST, "num_inference_steps": 12}
    assert "12 steps" in str(note)
    all_said = {"num_inference_steps": 12, "guidance_scale": 2, "scheduler": "lcm"}
    assert settle_sampling(dict(all_said), KNOWN, [lora("lightning", **FAST)]) == ()


def test_others_say_nothing_of_it():
    given = {"prompt": "a cat"}
    assert (
        settle_sampling(given, KNOWN, [lora("style", trigger_words=["x"]), lora("half", num_inference_steps=4)]) == ()
    )
    assert given == {"prompt": "a cat"}


def test_only_what_the_operation_knows_is_said():
    given: dict = {}
    settle_sampling(given, {"scheduler": {}}, [lora("lightning", **FAST)])
    assert given == {"scheduler": "euler"}


def test_two_that_agree_are_one_and_two_that_do_not_are_refused():
    given: dict = {}
    assert len(settle_sampling(given, KNOWN, [lora("one", **FAST), lora("two", **FAST)])) == 1
    slower = lora("eight", **{**FAST, "num_inference_steps": 8})
    with pytest.raises(InputError, match="The LoRAs one and eight make pictures in few steps, each in its own way"):
        settle_sampling(given, KNOWN, [lora("one", **FAST), slower])
