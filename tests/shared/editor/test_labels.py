"""What every editor says of a connection, a region and a job."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from fakes.host import MemoryHost
from foveate_shared.connection.client import ConnectionState
from foveate_shared.editor import labels
from foveate_shared.errors import CancelledJobError, InputError
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.i18n.translations import Texts, languages
from foveate_shared.jobs.job_list import ConnectionView
from foveate_shared.jobs.job_records import Record
from foveate_shared.jobs.job_status import JobProgress, JobState
from foveate_shared.wire.protocol import JobSummary, ModelInfo, OperationInfo

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
    assert labels.summary(told, ENGLISH) == "One tile had to shrink.\nIt changed. Apply it."
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


def test_a_variation_is_known_by_its_number_and_seed():
    job = entry(state=JobState.RUNNING, text="Painting", fraction=0.5)
    job.is_running, job.is_applied, job.parameters = True, False, {"seed": 7}
    assert labels.variation_mark(2, job) == "2 · 50%"
    assert labels.variation_tip(2, job, ENGLISH) == "Variation 2, seed 7: Painting, 50%"
    job.is_running, job.is_applied = False, True
    assert labels.variation_mark(2, job) == "2 ✓"
    job.is_applied = False
    job.flow.status = replace(job.flow.status, state=JobState.UNAPPLIED)
    assert labels.variation_mark(2, job) == "2"
    for over in (
        JobState.FAILED,
        JobState.CANCELLED,
    ):  # its picture is that of before
        job.flow.status = replace(job.flow.status, state=over)
        assert labels.variation_mark(2, job) == "2 ✕"


def test_a_job_of_another_session_is_called_in_the_language_of_now():
    job = JobSummary("j", "refocus", "done", None, 1.0, 9)
    operations = (OperationInfo("refocus", "Refocus", {}),)

    def title(recorded, say, known=operations):
        return labels.left_title(job, recorded and Record(recorded, "a.png", {}), known, say)

    assert title("Refocus (sd1)", GERMAN) == "Fokussieren (sd1)"
    assert title("Fokussieren (sd1)", ENGLISH) == "Refocus (sd1)"
    assert title("Fokussieren (sd1)", GERMAN) == "Fokussieren (sd1)"
    assert title("Refocus (sd1)", GERMAN, ()) == "Refocus (sd1)"
    assert title(None, GERMAN) == "Fokussieren"


def test_models_are_listed_below_the_servers_own_choice():
    photo = ModelInfo("photo", "Photo x4", ("refocus",), 4, True, "BSD-3-Clause")
    anime = ModelInfo("anime", "Anime x4", ("refocus",), 4, False)
    assert labels.model_rows((photo, anime), ENGLISH) == [
        ("Best for photos (default)", "", ""),
        ("Photo x4", "photo", "photo, licence: BSD-3-Clause"),
        ("Anime x4 (is fetched first)", "anime", "anime, licence: ?"),
    ]
    tune = ModelInfo("tune", "Tune", ("fill",), 1, True, kind="diffusion")
    assert labels.model_rows((tune,), ENGLISH)[0][0] == "Tune (default)"
    assert labels.model_rows((tune, photo), ENGLISH)[0][0] == labels.model_rows((), ENGLISH)[0][0]


def test_languages_are_listed_once_each_after_the_editors_own():
    assert labels.language_rows("As the system", GERMAN) == [
        (GERMAN("As the system"), ""),
        ("English", "en"),
        *((labels.LANGUAGES[code], code) for code in languages() if code != "en"),
    ]


@pytest.mark.parametrize("describe", [labels.before_quitting, labels.before_closing])
def test_results_that_wait_are_counted(describe):
    assert describe(1, ENGLISH).startswith("1 result ")
    assert describe(3, ENGLISH).startswith("3 results ")
    assert describe(1, GERMAN).startswith("1 Ergebnis ")
    assert describe(3, GERMAN).startswith("3 Ergebnisse ")


@pytest.mark.parametrize(
    ("state", "line"),
    [
        ({"state": "running", "fraction": 0.5, "seconds_left": 8.0}, "Running, 50%, 8 s left"),
        ({"state": "running"}, "Running, 0%"),
        ({"state": "queued", "position": 3}, "In the queue behind 2 others"),
        ({"state": "waiting"}, "Waiting"),
    ],
)
def test_a_job_that_runs_elsewhere_says_where_it_stands(state, line):
    job = JobSummary("job", "refocus", created=1.0, seq=2, **{"position": None, **state})
    assert labels.running_line(job, ENGLISH) == line
