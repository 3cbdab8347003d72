"""Faces that were found: where they lie, and what is said beside them."""

from types import SimpleNamespace

import pytest

from foveate_shared.editor.faces import FoundFace, found_faces, named_in, numbers_text, sentence, wrong_number
from foveate_shared.errors import InputError, ServerError
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.i18n.translations import Texts
from foveate_shared.jobs.job_status import JobProgress
from foveate_shared.wire.protocol import Outcome

SAY = Texts("en")
FACE = FoundFace(1, Bounds(1, 1, 30, 20), 0.914, None)


def result(**data):
    return SimpleNamespace(outcomes=(Outcome("item", "done", "", data),))


def survey(*faces, is_running=False, **status):
    flow = SimpleNamespace(status=JobProgress(**status))
    return SimpleNamespace(is_running=is_running, flow=flow, host=SimpleNamespace(faces=faces))


def test_each_face_has_a_picture_with_what_is_around_it():
    told = [{"box": [10.2, 10, 19.5, 40], "score": 0.9}, {"box": [90, 0, 20, 20], "score": 0.5}]
    first, second = found_faces(result(faces=told), Extent(100, 80), lambda area: area)
    assert (first.number, first.bounds, first.picture) == (1, Bounds(10, 10, 20, 40), Bounds(4, 4, 32, 52))
    assert (second.number, second.bounds, second.picture) == (2, Bounds(90, 0, 10, 20), Bounds(87, 0, 13, 23))


def test_a_result_without_faces_is_refused():
    with pytest.raises(ServerError, match="did not tell which faces"):
        found_faces(result(), Extent(9, 9), lambda area: area)


def test_what_is_said_beside_the_faces():
    assert FACE.tip(SAY) == "Face 1: 30 × 20 px, 91 % certain"
    assert sentence([FACE], survey(FACE), SAY) == "Untick those that shall stay as they are."
    assert sentence((), None, SAY) == "All faces are taken unless you choose."
    assert sentence((), survey(is_running=True, text="Looking for faces"), SAY) == "Looking for faces"
    assert sentence((), survey(error=InputError("It is closed.").info), SAY) == "It is closed."
    assert sentence((), survey(), SAY) == "No face was found."
    assert sentence((), survey(FACE), SAY) == "The selection changed; find them again."


@pytest.mark.parametrize(("chosen", "text"), [([1, 2, 3], ""), ([3, 1], "1, 3"), ([2], "2")])
def test_a_field_for_numbers_says_what_is_ticked(chosen, text):
    assert numbers_text(chosen, 3) == text
    assert named_in(text, 3) == set(chosen)


@pytest.mark.parametrize(
    ("text", "chosen"), [("2-9", {2, 3}), ("all of them", set()), ("1-", set()), ("7", set()), (" , ", {1, 2, 3})]
)
def test_what_a_person_types_ticks_faces(text, chosen):
    assert named_in(text, 3) == chosen


@pytest.mark.parametrize(
    ("text", "count", "told"),
    [
        ("9", 1, "There is no face 9: one was found."),
        ("1, 0", 3, "There is no face 0: 3 were found."),
        ("1-3", 3, ""),
        ("", 3, ""),
        ("1-", 3, ""),
    ],
)
def test_a_face_that_was_not_found_is_named(text, count, told):
    assert SAY.sentence(wrong_number(text, count)) == told
