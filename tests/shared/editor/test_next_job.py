"""The job that a panel's form is about."""

from dataclasses import replace

import pytest

from fakes.one_document import Studio
from foveate_server.engines.deterministic import tints
from foveate_shared.connection.client import ConnectionState, StateChange
from foveate_shared.editor.document_controller import VARIATIONS
from foveate_shared.editor.next_job import NextJob
from foveate_shared.wire.protocol import ModelInfo, Models

CHECKPOINT = tints.MODEL
PHOTO = ModelInfo("photo", "Photo", ("refocus",), 4, True)


@pytest.fixture
def studio(tmp_path):
    made = Studio(tmp_path)
    made.tell(Models(1, (PHOTO, *made.controller.models)))
    yield made
    made.controller.close()


@pytest.fixture
def job(studio):
    return NextJob(studio.controller)


def test_fields_begin_with_what_was_used_with_a_model_of_this_kind(studio, job):
    used = {"model": CHECKPOINT, "prompt": "a door", VARIATIONS: 3}
    studio.controller.keep_all("refocus", used)
    assert job.choose("refocus") == used
    assert (job.form, job.count) == (None, 3)
    assert job.follow(CHECKPOINT, None) == used
    assert (job.form.is_prompted, job.has_variations) == (True, True)
    assert job.follow("photo", "") == {}
    assert (job.form.is_prompted, job.has_variations) == (False, False)


def test_the_preset_that_was_used_last_is_followed_until_another_is_chosen(studio, job):
    studio.controller.keep_all("refocus", {"model": CHECKPOINT, "preset": "portrait"})
    job.choose("refocus")
    job.follow(CHECKPOINT, None)
    assert job.form.default("strength") == 0.4
    job.follow(CHECKPOINT, "")
    assert job.form.default("strength") == 0.5


def test_loras_for_few_steps_say_the_sampling_as_long_as_they_are_chosen(studio, job):
    fast = {"num_inference_steps": 4, "guidance_scale": 1.0, "scheduler": "euler"}
    lora = ModelInfo("fast", "Fast", (), 1, available=True, kind="lora", fits=("deterministic",), defaults=fast)
    studio.tell(Models(1, (*studio.controller.models, lora)))
    studio.controller.keep_all("refocus", {"model": CHECKPOINT, "loras": [{"name": "fast", "weight": 1}]})
    job.choose("refocus")
    usual = 20
    for chosen, steps in ((None, 4), ([], usual), ([{"name": "fast", "weight": 0}], usual), ([{"name": "fast"}], 4)):
        job.follow(CHECKPOINT, None, chosen)
        assert job.form.default("num_inference_steps") == steps


def test_before_a_form_is_known_what_is_remembered_is_sent(studio, job):
    studio.controller.keep_all("nothing", {"prompt": "a door", "seed": "", VARIATIONS: 2})
    job.choose("nothing")
    assert job.follow("", None) is None
    assert job.parameters({"strength": 1}, "photo") == {"prompt": "a door", "model": "photo"}
    job.choose("refocus")
    job.follow("", None)
    assert job.parameters({"strength": 1}, "photo") == {"strength": 1}


def test_a_job_becomes_as_many_as_are_wanted_where_seeds_differ(studio, job):
    for model, count in ((CHECKPOINT, 2), ("photo", 1)):
        job.choose("refocus")
        job.follow(model, "")
        before = len(studio.controller.jobs)
        job.start({"model": model}, 2)
        assert len(studio.controller.jobs) - before == count


def test_what_stands_on_the_button_and_beside_it(studio, job):
    job.choose("refocus")
    assert (job.verb({}), job.region(takes_all=False)) == ("Refocus selection", "Selection: 300 × 200 px")
    assert job.region(takes_all=True) == "Nothing is selected: all of the image, 640 × 480 px"
    studio.editor.now = replace(studio.editor.now, selection=None, is_outside=True)
    studio.controller.look()
    assert (job.verb({}), job.region(takes_all=False)) == (
        "Refocus selection",
        "The selection lies outside of the image.",
    )
    assert job.region(takes_all=True).startswith("Nothing is selected")
    assert job.obstacle("", "").startswith("The selection lies outside")
    assert job.obstacle("", "", takes_all=True) == ""
    studio.editor.now = replace(studio.editor.now, selection=None, is_outside=False)
    studio.controller.look()
    assert job.verb({}) == "Refocus image"
    studio.editor.now = None
    studio.controller.look()
    assert job.region(takes_all=False) == ""


def test_what_stands_in_its_way(studio, job):
    assert job.obstacle("", "Tick a face first.") == ""  # no operation was chosen, and the server is there
    job.choose("refocus")
    job.follow("gone", "")
    assert job.obstacle("gone", "") == "The chosen model is not there any more: choose another."
    job.follow("photo", "")
    assert job.obstacle("photo", "Tick a face first.") == "Tick a face first."
    assert job.obstacle("photo", "") == job.delay() == ""
    studio.tell(StateChange(ConnectionState.LOST))
    assert (job.obstacle("photo", ""), job.delay()) == ("", "It starts once the server is there.")
    studio.editor.now = None
    studio.controller.look()
    assert job.obstacle("photo", "Tick a face first.") == "Open an image first."
