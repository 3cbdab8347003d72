"""The controller of an editor with one active document, without a widget."""

from dataclasses import replace

import pytest

from fakes.one_document import Studio
from foveate_shared.connection.client import ConnectionState, StateChange
from foveate_shared.editor.document_controller import SURVEY, VARIATIONS
from foveate_shared.errors import RefusedError


@pytest.fixture
def studio(tmp_path):
    made = Studio(tmp_path)
    yield made
    made.desk.close()


def test_a_wish_becomes_as_many_jobs_as_it_says_and_is_remembered(studio):
    first = studio.desk.run("refocus", {"strength": 0.4, VARIATIONS: 3})
    assert first.parameters["strength"] == 0.4
    assert len(studio.desk.jobs) == 3
    assert VARIATIONS not in first.parameters
    assert studio.desk.used("refocus") == {"strength": 0.4, VARIATIONS: 3}
    assert studio.editor.opened == [("Refocus", False)] * 3
    studio.desk.run("fill", {"extend": {"left": 8}})
    assert studio.editor.opened[-1] == ("Fill", True)


def test_the_same_again_is_no_new_wish(studio):
    job = studio.desk.run("refocus", {"prompt": "a door"})
    studio.desk.forget_prompts("prompt")
    again = studio.desk.again(job)
    assert again.parameters == job.parameters
    assert studio.desk.history("prompt") == ()


def test_faces_are_those_of_the_selection_that_they_were_found_in(studio):
    studio.desk.find_faces({"min_score": 0.7})
    survey = studio.desk.survey
    assert (survey.operation, survey.parameters, studio.desk.jobs) == (SURVEY, {"min_score": 0.7}, [])
    studio.finish(survey, faces=["one", "two"])
    assert studio.desk.faces == ("one", "two")
    assert studio.told == [("on_faces",), ("on_faces",)]  # begun, and found
    studio.editor.now = replace(studio.editor.now, selection=None)
    studio.desk.look()
    assert studio.desk.faces == ()
    assert studio.told[-1] == ("on_context",)
    studio.desk.find_faces({})
    assert survey not in studio.desk.entries


def test_what_stands_in_the_way_is_said(studio):
    assert studio.desk.blocked("refocus") == ""
    studio.tell(StateChange(ConnectionState.REFUSED, RefusedError("The token is not known.").info))
    assert studio.desk.blocked("refocus") == "The server refuses this plugin; see above."
    studio.editor.now = None
    studio.desk.look()
    assert studio.desk.blocked("refocus") == "Open an image first."
    assert studio.desk.run("refocus", {}) is None
    assert studio.told[-1] == ("on_refusal", "No image is open. Open one.")


def test_another_server_is_looked_for_and_another_language_is_told(studio):
    studio.desk.change(ask_first=True)
    assert studio.told == []
    studio.desk.change(language="de")
    assert studio.told == [("on_language",)]
    assert studio.desk.connection.state is ConnectionState.READY
    studio.desk.change(remote_url="https://studio:7317", remote_token="t" * 32)
    assert studio.desk.connection.state is ConnectionState.SEARCHING


def test_a_picture_of_a_result_is_taken_once_the_editor_has_drawn_it(studio):
    job = studio.desk.run("refocus", {})
    assert not studio.desk.is_drawing
    studio.finish(job)
    assert studio.desk.is_drawing
    assert not studio.desk.take_pictures()
    studio.editor.hosts[0].is_drawn = True
    assert studio.desk.take_pictures()
    assert not studio.desk.is_drawing
