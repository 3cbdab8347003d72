"""One progress for many pictures: remarks name theirs, and the bar is about all."""

import io
import re

from foveate_server.cli.batch_display import BatchDisplay
from foveate_shared.jobs.job_status import JobProgress, JobState


def test_a_remark_is_of_its_own_picture_and_steps_are_not_told():
    stream = io.StringIO()
    with BatchDisplay(2, stream=stream) as display:
        for name in ("a.png", "b.png"):
            display.begin(name)
            display.show(JobProgress(JobState.RUNNING, "Restoring", fraction=0.5, notes=(f"about {name[0]}",)))
            display.show(JobProgress(JobState.DONE, "Done", fraction=1.0, notes=(f"about {name[0]}", "and more")))
            display.show(JobProgress(JobState.RUNNING, "Restoring", notes=("held",)))
            display.finish(f"{name}: done")
    assert stream.getvalue().splitlines() == [
        *("a.png: about a", "a.png: and more", "a.png: done"),
        *("b.png: about b", "b.png: and more", "b.png: done"),
    ]


def test_the_bar_is_about_all(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")  # as on a terminal
    stream = io.StringIO()
    with BatchDisplay(4, stream=stream) as display:
        display.begin("a.png")  # is there already
        for name in ("b.png", "c.png"):
            display.begin(name)
            display.show(JobProgress(JobState.RUNNING, "Restoring", fraction=0.5, seconds_left=7.0))
    assert "c.png (3 of 4): Restoring" in stream.getvalue()
    assert re.search("62%, .* left", stream.getvalue())
