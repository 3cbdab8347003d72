"""What every editor says of a connection, a region and a job."""

from types import SimpleNamespace

import pytest

from fakes.host import MemoryHost
from foveate_shared.connection.client import ConnectionState
from foveate_shared.editor import labels
from foveate_shared.errors import CancelledJobError, InputError
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.i18n.translations import Texts, languages
from foveate_shared.jobs.job_list import ConnectionView
from foveate_shared.jobs.job_status import JobProgress

ENGLISH, GERMAN = Texts("en"), Texts("de")


def entry(host=None, **status):
    return SimpleNamespace(flow=SimpleNamespace(status=JobProgress(**status)), host=host or MemoryHost())


@pytest.mark.parametrize("state", ConnectionState)
def test_every_state_of_the_connection_has_a_word(state):
    assert labels.connection(ConnectionView(state), ENGLISH)
    assert labels.connection(ConnectionView(state), GERMAN) in GERMAN.catalogue.values()


def test_what_a_job_would_work_on():
    assert labels.region(Extent(640, 480), None, ENGLISH).startswith("Nothing is selected: all")
    assert labels.region(Extent(640, 480), Bounds(0, 0, 30, 20), ENGLISH) == "Selection: 30 × 20 px"


def test_every_language_has_its_own_name():
    assert set(labels.LANGUAGES) == {"en", *languages()}


def test_an_error_is_no_note_and_asks_for_a_second_yes():
    error = InputError("It changed.", remedy="Apply it.").info
    told = entry(notes=("One tile had to shrink.", "It changed. Apply it."), error=error)
    assert labels.notes(told, ENGLISH) == ["One tile had to shrink."]
    assert labels.error(told, ENGLISH) == ["It changed. Apply it."]
    assert labels.error(entry(), ENGLISH) == []
    assert labels.apply_text(told, ENGLISH) == "Apply all the same"
    assert labels.apply_text(entry(), ENGLISH) == "Apply"
    assert not labels.was_cancelled(told)
    assert labels.was_cancelled(entry(error=CancelledJobError("Cancelled.").info))


def test_what_a_host_tells_of_a_result_is_a_note():
    class Telling(MemoryHost):
        told = ("mean: 3",)

    assert labels.notes(entry(Telling(), notes=("One tile had to shrink.",)), ENGLISH) == [
        "One tile had to shrink.",
        "mean: 3",
    ]
