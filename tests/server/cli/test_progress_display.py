"""What a command says where there is no terminal: a line per step."""

import io
from dataclasses import replace

import pytest

from foveate_server.cli.progress_display import Display
from foveate_shared.jobs.job_status import JobProgress, JobState

RUNNING = JobProgress(JobState.RUNNING, "Looking for faces")


@pytest.fixture
def lines():
    """Give what shows statuses and returns the lines that were written."""

    def show(*statuses):
        stream = io.StringIO()
        with Display(stream=stream) as display:
            for status in statuses:
                display.show(status)
        return stream.getvalue().splitlines()

    return show


def test_a_line_per_step_and_none_per_tick(lines):
    ticks = [replace(RUNNING, fraction=tick / 1000, seconds_left=100 - tick / 10) for tick in range(100)]
    assert lines(*ticks) == ["Looking for faces, 0%, 1 min 40 s left"]
    restoring = replace(RUNNING, text="Restoring", steps=2)
    faces = [replace(restoring, step=1 + tick // 50, fraction=tick / 100) for tick in range(99)]
    assert lines(*ticks, *faces) == [
        "Looking for faces, 0%, 1 min 40 s left",
        "Restoring, 1 of 2, 0%",
        "Restoring, 2 of 2, 50%",
    ]


def test_nothing_to_say_is_no_line(lines):
    assert lines(JobProgress()) == []
