"""What an owner hears of a running item."""

from types import SimpleNamespace

import pytest

from foveate_server.jobs.item_events import ItemEvents
from foveate_server.jobs.progress_counter import ProgressCounter
from foveate_server.operations.contract import Item
from foveate_server.tasks.item_task import TaskProgress, TaskReadiness


class Heard:
    """Stands in for the log of events."""

    def __init__(self):
        self.events = []

    def fleeting(self, job, event_class, **fields):
        self.events.append((fields["stage"], round(fields["fraction"], 2), fields["seconds_left"]))


@pytest.fixture
def scene():
    now = [0.0]
    job = SimpleNamespace(progress=ProgressCounter(lambda: now[0]), stage="")
    work = SimpleNamespace(item=Item("refocus", "Bringing into focus", (), weight=6.0))
    job.progress.add([work.item])
    job.progress.start()
    return SimpleNamespace(now=now, job=job, work=work, heard=Heard())


def test_a_start_goes_on_without_a_claim_of_how_long_all_will_take(scene):
    events = ItemEvents(scene.heard)
    events.task_event(scene.job, scene.work, TaskReadiness("Getting ready", 4.0))
    for _ in range(2):
        scene.now[0] += 2.0
        events.task_event(scene.job, scene.work, TaskProgress("Getting ready", 0.0, 0, 0))
    assert scene.heard.events == [("Getting ready", share, None) for share in (0.0, 0.2, 0.4)]
    assert scene.job.stage == "Getting ready"
    for done in (0.25, 0.5):
        scene.now[0] += 1.5
        events.task_event(scene.job, scene.work, TaskProgress("Restoring", done, 0, 0))
    assert scene.heard.events[-1] == ("Restoring", 0.7, pytest.approx(3.0))
