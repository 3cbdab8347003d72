"""Progress is true: by a clock on which the engines take what the real ones were recorded to take."""

from itertools import pairwise

import pytest

from fakes.documents import run_job
from fakes.progress_cases import CASES
from fakes.recorded_engine import Hands, Recording, ReplayedCourse, ReplayingEngine
from foveate_server.engines.engine_specs import START_SECONDS
from foveate_server.operations.registry import operations

WITHIN = 0.2  # of the whole: how far what is told may be from the share of the time that has passed
FIRST = 0.2  # of the time: after it, the time left is held to
LEAST = 1 / 3  # of the time that is left: no less is told
UNNOTICED = 0.5  # seconds


@pytest.fixture(params=CASES)
def told(request):
    """Give what was told on the way, and how long the whole job took."""
    case, recording, hands = CASES[request.param], Recording.load(request.param), Hands()
    engine, course = ReplayingEngine(recording, hands), ReplayedCourse.of(recording, hands, START_SECONDS)
    run_job(case.document(), engine, case.operation, course=course, **case.parameters)
    assert engine.is_at_end
    return course.told, hands.now + recording.after


def test_it_never_runs_backwards(told):
    moments, _ = told
    assert len(moments) > 3
    assert all(before.fraction <= after.fraction for before, after in pairwise(moments))


def test_it_is_the_share_of_the_time_that_has_passed(told):
    moments, seconds = told
    for moment in moments:
        if not moment.is_survey:
            allowed = max(WITHIN, UNNOTICED / seconds)
            assert moment.fraction == pytest.approx(moment.seconds / seconds, abs=allowed), moment


def test_steps_never_go_back(told):
    moments, _ = told
    counted = [(moment.step, moment.steps) for moment in moments if moment.steps]
    assert all(before[0] <= after[0] and before[1] <= after[1] for before, after in pairwise(counted))


def test_the_time_left_is_never_under_a_third_of_what_it_will_be(told):
    moments, seconds = told
    for moment in moments:
        if moment.seconds >= FIRST * seconds and moment.seconds_left is not None:
            assert moment.seconds_left + UNNOTICED >= LEAST * (seconds - moment.seconds), moment


def test_there_is_a_course_of_every_operation():
    assert {case.operation for case in CASES.values()} == set(operations())
    assert {case.operation for case in CASES.values() if case.checkpoint} == set(operations()) - {"detect"}
