"""The controller of an editor with one active document, without a widget."""

from dataclasses import replace

import pytest

from fakes.one_document import Studio
from foveate_shared.connection.client import ConnectionState, StateChange
from foveate_shared.editor.document_controller import VARIATIONS
from foveate_shared.editor.faces import SURVEY
from foveate_shared.errors import RefusedError
from foveate_shared.geometry import Extent
from foveate_shared.jobs.job_status import LONG_SECONDS, JobState
from foveate_shared.wire.protocol import Accepted, Jobs, JobSummary, Planned


@pytest.fixture
def studio(tmp_path):
    made = Studio(tmp_path)
    yield made
    made.controller.close()


def test_a_wish_becomes_as_many_jobs_as_it_says_and_is_remembered(studio):
    first = studio.controller.run("refocus", {"strength": 0.4, VARIATIONS: 3})
    assert first.parameters["strength"] == 0.4
    assert len(studio.controller.jobs) == 3
    assert VARIATIONS not in first.parameters
    assert studio.controller.used("refocus") == {"strength": 0.4, VARIATIONS: 3}
    assert studio.editor.opened == [("Refocus", False)] * 3
    studio.controller.run("fill", {"extend": {"left": 8}})
    assert studio.editor.opened[-1] == ("Fill", True)


def test_the_same_again_is_no_new_wish(studio):
    job = studio.controller.run("refocus", {"prompt": "a door"})
    studio.controller.forget_prompts("prompt")
    again = studio.controller.again(job)
    assert again.parameters == job.parameters
    assert studio.controller.history("prompt") == ()


def test_faces_are_those_of_the_selection_that_they_were_found_in(studio):
    studio.controller.find_faces({"min_score": 0.7})
    survey = studio.controller.survey
    assert (survey.operation, survey.parameters, studio.controller.jobs) == (SURVEY, {"min_score": 0.7}, [])
    studio.finish(survey, faces=["one", "two"])
    assert studio.controller.faces == ("one", "two")
    assert studio.told == [("on_faces",), ("on_faces",)]  # begun, and found
    studio.editor.now = replace(studio.editor.now, selection=None)
    studio.controller.look()
    assert studio.controller.faces == ()
    assert studio.told[-1] == ("on_context",)
    studio.controller.find_faces({})
    assert survey not in studio.controller.entries


def test_what_stands_in_the_way_is_said(studio):
    assert studio.controller.blocked("refocus") == ""
    studio.tell(StateChange(ConnectionState.REFUSED, RefusedError("The token is not known.").info))
    assert studio.controller.blocked("refocus") == "The server refuses this plugin; see below."
    studio.editor.now = None
    studio.controller.look()
    assert studio.controller.blocked("refocus") == "Open an image first."
    assert studio.controller.run("refocus", {}) is None
    assert studio.told[-1] == ("on_refusal", "No image is open. Open one, or make a new one.")


def test_another_server_is_looked_for_and_another_language_is_told(studio):
    studio.controller.change(ask_first=True)
    assert studio.told == []
    studio.controller.change(language="de")
    assert studio.told == [("on_language",)]
    assert studio.controller.connection.state is ConnectionState.READY
    studio.controller.change(remote_url="https://studio:7317", remote_token="t" * 32)
    assert studio.controller.connection.state is ConnectionState.SEARCHING


def test_a_picture_of_a_result_is_taken_once_the_editor_has_drawn_it(studio):
    job = studio.controller.run("refocus", {})
    assert not studio.controller.is_drawing
    studio.finish(job)
    assert studio.controller.is_drawing
    assert not studio.controller.take_pictures()
    studio.editor.hosts[0].is_drawn = True
    assert studio.controller.take_pictures()
    assert not studio.controller.is_drawing


def left(*jobs, operation="refocus"):
    return Jobs(1, tuple(JobSummary(job, operation, "done", None, 100.0 - at, 9) for at, job in enumerate(jobs)))


def test_what_waits_at_the_end_is_listed_again_in_the_next_session(studio, tmp_path):
    studio.controller.run("refocus", {VARIATIONS: 2, "strength": 0.4})
    jobs = [job.flow.job for job in studio.controller.jobs]
    for job in list(studio.controller.jobs):
        studio.finish(job)
    studio.controller.close()
    after = Studio(tmp_path)
    after.tell(left(*jobs))
    listed = after.controller.jobs
    assert [job.flow.job for job in listed] == jobs
    assert [job.title for job in listed] == ["Refocus: scene.png"] * 2
    assert after.editor.opened == [("Refocus", after.controller._records.read(job)) for job in jobs]
    assert listed[0].parameters["strength"] == 0.4
    assert {job.parameters["seed"] for job in listed} == set(listed[0].parameters["siblings"])
    assert [len(group) for group in after.controller.groups()] == [2]  # they can be chosen from as before
    assert after.controller.unchosen() == []  # nobody is asked about them again


@pytest.mark.parametrize("act", ["applied", "discarded"])
def test_what_was_taken_or_is_not_wanted_is_crossed_out(studio, act):
    studio.controller.run("refocus", {VARIATIONS: 2})
    job = studio.controller.jobs[0]
    studio.finish(job)
    assert studio.controller._records.read(job.flow.job)
    if act == "applied":
        studio.controller.apply(job)
        studio.tell()
    else:
        studio.controller.discard(job)
    assert studio.controller._records.read(job.flow.job) is None


def test_without_a_record_a_left_result_is_called_after_its_operation(studio):
    name = "10000000-0000-4000-8000-000000000000"
    studio.tell(left(name, operation="upscale"))
    assert [job.title for job in studio.controller.jobs] == ["Upscale"]
    assert studio.editor.opened == [("Upscale", None)]


def test_faces_that_were_looked_for_are_of_no_use_any_more(studio):
    studio.tell(left("10000000-0000-4000-8000-000000000000", operation=SURVEY))
    assert studio.controller.entries == []


def test_a_look_for_faces_is_not_written_down(studio):
    studio.controller.find_faces({})
    assert studio.controller._records.read(studio.controller.survey.flow.job) is None


def test_a_job_that_a_refused_connection_ends_here_is_still_known_in_the_next_session(studio):
    job = studio.controller.run("refocus", {})
    studio.tell(StateChange(ConnectionState.REFUSED, RefusedError("The token is not known.").info))
    assert job.flow.status.state is JobState.FAILED
    assert studio.controller._records.read(job.flow.job)


def test_results_that_nobody_chose_from_are_known_by_their_document(studio):
    studio.controller.run("refocus", {VARIATIONS: 2})
    jobs = studio.controller.jobs
    assert studio.controller.unchosen() == []  # none is ready
    for job in list(jobs):
        studio.finish(job)
    assert studio.controller.unchosen() == studio.controller.unchosen("document") == jobs
    assert studio.controller.unchosen("another") == []
    studio.controller.apply(jobs[0])
    assert studio.controller.unchosen() == []


def plan(job, seconds, **more):
    name = job.flow.job
    return Accepted(name, 1), Planned(name, 2, "document", Extent(16, 16), "", seconds=seconds, **more)


def test_all_of_a_large_image_is_worked_on_after_a_question_alone(studio):
    studio.editor.now = replace(studio.editor.now, selection=None)
    studio.controller.run("refocus", {VARIATIONS: 2})
    jobs = studio.controller.jobs
    for job in jobs:
        studio.tell(*plan(job, 90.0, is_measured=True))
    assert studio.controller.question(jobs[0]) == "Nothing is selected: on all of the image this takes about 3 min."
    studio.controller.begin(jobs[0])
    assert [studio.controller.question(job) for job in jobs] == ["", ""]  # variations are begun together


def test_a_variation_that_is_planned_after_the_yes_does_not_ask_again(studio):
    studio.editor.now = replace(studio.editor.now, selection=None)
    studio.controller.run("refocus", {VARIATIONS: 2})
    first, second = studio.controller.jobs
    studio.tell(*plan(first, 90.0))
    studio.controller.begin(first)
    studio.tell(*plan(second, 90.0))
    assert studio.controller.question(second) == ""
    assert not second.flow.is_held


def test_what_was_never_measured_is_said_as_such(studio):
    studio.editor.now = replace(studio.editor.now, selection=None)
    job = studio.controller.run("refocus", {})
    studio.tell(*plan(job, 90.0))
    assert "up to 1 min 30 s on a processor" in studio.controller.question(job)


@pytest.mark.parametrize(
    ("operation", "parameters", "selected"), [("refocus", {}, True), ("fill", {"extend": {"left": 8}}, False)]
)
def test_what_was_chosen_is_not_asked_about(studio, operation, parameters, selected):
    if not selected:
        studio.editor.now = replace(studio.editor.now, selection=None)
    job = studio.controller.run(operation, parameters)
    studio.tell(*plan(job, LONG_SECONDS * 10))
    assert studio.controller.question(job) == ""


def test_what_takes_less_than_a_minute_is_not_asked_about(studio):
    studio.editor.now = replace(studio.editor.now, selection=None)
    job = studio.controller.run("refocus", {})
    studio.tell(*plan(job, LONG_SECONDS - 1))
    assert studio.controller.question(job) == ""
