"""One line says where a job stands, in the person's language."""

import pytest

from foveate_shared.i18n.translations import Texts
from foveate_shared.jobs.job_status import JobProgress, JobState, about, describe, describe_shortly, duration

GERMAN = Texts("de")
RUNNING = JobProgress(JobState.RUNNING, "Restoring", 0.5, 2, 6, 3700.0)


def test_a_line_says_what_how_far_and_how_long():
    assert describe(RUNNING) == "Restoring, 2 of 6, 50%, 1 h 1 min left"
    assert describe(RUNNING, separator=" · ", percent=False) == "Restoring · 2 of 6 · 1 h 1 min left"


def test_a_sentence_goes_on_with_how_far_it_is():
    text = "The server (pid 7) does not answer."
    assert describe(JobProgress(JobState.RUNNING, text, 0.17)) == "The server (pid 7) does not answer, 17%"
    assert describe(JobProgress(JobState.WAITING, text)) == text


def test_it_is_said_in_the_persons_language():
    assert describe(RUNNING, GERMAN, percent=False) == "Stelle wieder her, 2 von 6, noch 1 h 1 min"
    waiting = JobProgress(JobState.WAITING, "In the queue behind 2 others", position=3)
    assert describe(waiting, GERMAN) == "In der Warteschlange hinter 2 anderen"


def test_steps_and_percent_are_those_of_running_jobs():
    assert describe(JobProgress(JobState.DONE, "Done", 1.0, 6, 6)) == "Done"


def test_nothing_to_say_is_said_with_nothing():
    assert describe(JobProgress()) == ""


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-1, "0 s"), (8.4, "8 s"), (59.6, "1 min 0 s"), (61, "1 min 1 s"), (125, "2 min 5 s"), (4800, "1 h 20 min")],
)
def test_durations_read_well(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "1 s"),
        (8.4, "8 s"),
        (43, "45 s"),
        (59, "1 min"),
        (100, "1 min 30 s"),
        (907, "15 min"),
        (3590, "1 h 0 min"),
        (5000, "1 h 20 min"),
    ],
)
def test_what_is_only_expected_is_said_roughly(seconds, text):
    assert about(seconds) == text


def test_no_time_left_is_not_said():
    late = JobProgress(JobState.RUNNING, "Looking for faces", seconds_left=0.3)
    assert describe(late, percent=False) == "Looking for faces"


def test_a_short_line_leaves_out_what_is_needed_least():
    english = Texts("en")
    assert describe_shortly(RUNNING, english, 40) == "Restoring, 2 of 6, 1 h 1 min left"
    assert describe_shortly(RUNNING, english, 30) == "Restoring, 1 h 1 min left"
    assert describe_shortly(RUNNING, english, 12) == "Restoring"
    long = JobProgress(JobState.RUNNING, "Restoring part 3 of 12 in a large picture", seconds_left=5)
    assert describe_shortly(long, english, 30) == "Restoring part 3 of 12 in a…"
    assert len(describe_shortly(JobProgress(JobState.RUNNING, "x" * 90), english, 30)) == 30
