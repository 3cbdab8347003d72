"""A running job in a narrow sidebar: nothing that matters is cut."""

from types import SimpleNamespace

import pytest

from foveate_shared.i18n.translations import Texts
from foveate_shared.jobs.job_status import JobProgress, JobState

WIDTH = 252  # of Blender's sidebar, as it is at first


class Pencil:
    """Writes down what is drawn."""

    def __init__(self):
        self.bar, self.lines = "", []

    def progress(self, *, text, **_):
        self.bar = text

    def label(self, *, text, **_):
        self.lines.append(text)

    def __getattr__(self, name):
        return lambda *_, **__: self


@pytest.fixture
def drawn(load, monkeypatch):
    box = load("job_box")
    rt = SimpleNamespace(say=Texts("en"), previews=SimpleNamespace(icon=lambda _: 0), question=lambda _: "")
    monkeypatch.setattr(box.controller, "get", lambda: rt)

    def draw(status):
        flow = SimpleNamespace(status=status, job="1", is_held=False)
        entry = SimpleNamespace(flow=flow, title="Refocus", is_running=True, group="", host=None)
        rt.groups = lambda: [[entry]]
        pencil = Pencil()
        system = SimpleNamespace(ui_scale=1)
        region = SimpleNamespace(width=WIDTH)
        context = SimpleNamespace(region=region, preferences=SimpleNamespace(system=system))
        box.draw_jobs(pencil, context, running=True)
        return pencil

    return draw


def test_the_time_left_is_not_cut(drawn):
    status = JobProgress(JobState.RUNNING, "Restoring", 0.18, 181, 1024, 27.0)
    assert drawn(status).bar == "Restoring, 27 s left"


def test_a_sentence_stands_on_lines_of_its_own(drawn):
    text = "The server (pid 27640) does not answer."
    pencil = drawn(JobProgress(JobState.RUNNING, text, 0.17, 44, 272))
    assert pencil.bar == "17%"
    assert " ".join(pencil.lines).endswith(text)
