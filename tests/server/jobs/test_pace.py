"""Time spent, and time left."""

import pytest

from foveate_server.jobs.pace import Pace


def test_only_running_time_counts():
    now = [0.0]
    pace = Pace(lambda: now[0])
    pace.start()
    now[0] = 10
    pace.stop()
    now[0] = 100  # it waited
    pace.start()
    now[0] = 105
    assert pace.spent == 15


def test_items_that_run_at_once_count_once():
    now = [0.0]
    pace = Pace(lambda: now[0])
    pace.start()
    now[0] = 4
    pace.start()
    now[0] = 6
    pace.stop()
    now[0] = 7
    pace.stop()
    assert pace.spent == 7


def test_the_time_left_follows_from_the_pace_and_is_smooth():
    now = [0.0]
    pace = Pace(lambda: now[0])
    pace.start()
    now[0] = 10
    assert pace.seconds_left(0.0) is None
    assert pace.seconds_left(0.5) == pytest.approx(10)
    assert pace.seconds_left(0.25) < 30  # one slow step does not triple the estimate
    assert pace.seconds_left(1.0) == 0
