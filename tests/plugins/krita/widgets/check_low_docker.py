"""What stays in sight where there is room for little: a docker of 300 x 700 pixels, and lower ones."""

from __future__ import annotations

from dataclasses import replace

import pytest
from foveate_krita.panel import Panel
from foveate_krita.qt import QtCore, QtWidgets

from fakes.scripted_client import real_welcome
from foveate_shared.connection.client import ConnectionState, StateChange
from foveate_shared.errors import ConnectionLostError
from foveate_shared.wire.protocol import Accepted, OperationInfo, Progress, Started

CHECKPOINT = "deterministic-diffusion"
MORE = tuple(OperationInfo(f"more-{number}", f"Operation {number}", {}) for number in range(5))
LOST = ConnectionLostError(
    "The server ended while it was starting, and told nothing of why that may have been.",
    remedy="Run this in a terminal to see more: /home/somebody/.local/share/foveate/bin/foveate serve",
)

ABSENT = ConnectionLostError(
    "The server cannot be started: foveate (there is no such program).",
    remedy="Install the plugin again in a terminal: foveate plugins install krita",
)
BRIEF = ConnectionLostError("No server runs.")
SUSPENDED = ConnectionLostError(
    "The server (pid 936) does not answer.", remedy="It may be suspended: let it go on (`kill -CONT 936`), or end it."
)


def settle(studio):  # one layout after the other
    for _ in range(6):
        studio.breathe()


@pytest.fixture
def low(studio, monkeypatch):
    """Ten operations, a checkpoint, four variations that run, and a server that was lost meanwhile, in a sandbox."""
    monkeypatch.setenv("FLATPAK_ID", "org.kde.krita")  # there the command can be copied, which takes room
    studio.panel.resize(300, 700)
    studio.bring_checkpoint()
    studio.connect(studio.controller.models, real_welcome(change=lambda infos: [*infos, *MORE]))
    task = studio.panel.task
    task._model.wanted = CHECKPOINT
    task.refresh()
    task.variations.setValue(4)
    task.run_button.click()
    job = studio.controller.jobs[-1]
    studio.tell(Accepted(job.flow.job, 1), Started(job.flow.job, 2, "item"), Progress(job.flow.job, 3, "painting", 0.2))
    studio.tell(StateChange(ConnectionState.LOST, LOST.info))
    settle(studio)
    return studio


def in_sight(studio, widget):
    """Tell whether all of a widget is seen, as high as it wants to be."""
    all_of_it = QtCore.QRect(QtCore.QPoint(0, 0), widget.size())
    seen = widget.visibleRegion().boundingRect() == all_of_it and widget.isVisible()
    return seen and widget.height() >= widget.minimumSizeHint().height()


def always_shown(studio):
    task = studio.panel.task
    return [task.fields["strength"], task.variations, task.run_button, task.cancel_button]


def test_what_is_always_needed_is_in_sight(low):
    assert len([each for each in low.panel.task._segments.values() if each.isVisible()]) == 10
    assert low.panel.notices.isVisible()
    assert low.panel.height() == 700
    for widget in [*always_shown(low), low.panel.notices.retry, low.panel.notices.copy]:
        assert in_sight(low, widget), widget
    for text in (low.panel.notices.sentence, low.panel.task._region, low.panel.task.reason):
        assert text.height() >= text.heightForWidth(text.width()), text.text()


def test_what_runs_is_ended_by_one_click(low):
    low.panel.task.cancel_button.click()
    assert [job.is_running for job in low.controller.jobs] == [False] * 4
    settle(low)
    low.panel.task._lingering.stop()
    low.panel.task.refresh()
    assert low.panel.task.cancel_button.isHidden()


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("width", [244, 270, 300, 400])
def test_nothing_takes_the_place_of_cancel_just_when_a_job_ends(studio, width, count):
    studio.panel.resize(width, 700)
    settle(studio)
    task = studio.panel.task
    task._lingering.setInterval(10**6)  # this machine may be slow
    assert task.cancel_button.isHidden()
    for _ in range(count):
        task.run_button.click()
    settle(studio)
    before = [task.run_button.geometry(), task.cancel_button.geometry()]
    for job in studio.controller.jobs:
        assert (task.cancel_button.text(), task.cancel_button.isEnabled()) == (
            ("Cancel", "Cancel all")[count - 1],
            True,
        )
        studio.finish(job)
        settle(studio)
        assert [task.run_button.geometry(), task.cancel_button.geometry()] == before
    assert (task.cancel_button.isVisible(), task.cancel_button.isEnabled()) == (True, False)
    task.run_button.click()
    assert (task.cancel_button.text(), task.cancel_button.isEnabled()) == ("Cancel", True)


def test_the_form_keeps_its_height_whatever_comes(studio):
    studio.panel.resize(300, 700)
    studio.bring_checkpoint()
    settle(studio)
    task = studio.panel.task
    task._model.wanted = CHECKPOINT
    task.refresh()
    task.variations.setValue(8)
    settle(studio)
    high, jobs = task.height(), studio.panel.jobs.height()
    task.run_button.click()
    for job in studio.controller.jobs:
        studio.finish(job)
    settle(studio)
    assert (task.height(), studio.panel.jobs.height()) == (high, jobs)
    assert studio.panel.jobs.verticalScrollBar().maximum() > 0  # results scroll by themselves


def test_a_job_that_is_started_comes_into_sight(studio):
    studio.panel.resize(300, 500)
    studio.connect()
    task, bar = studio.panel.task, studio.panel.jobs.verticalScrollBar()
    for _ in range(6):
        task.run_button.click()
        studio.finish(studio.controller.jobs[0])
    settle(studio)
    bar.setValue(bar.maximum())
    settle(studio)
    assert bar.value() > 0
    task.run_button.click()
    settle(studio)
    assert bar.value() == 0
    bar.setValue(bar.maximum())
    studio.finish(studio.controller.jobs[0])
    settle(studio)
    assert bar.value() > 0  # what ends moves nothing


def test_in_a_lower_docker_nothing_is_squeezed(low):
    low.panel.resize(300, 380)
    settle(low)
    assert low.panel.height() == 380
    for widget in always_shown(low):
        assert widget.height() >= widget.minimumSizeHint().height(), widget
    assert low.panel.notices.sentence.height() >= low.panel.notices.sentence.heightForWidth(
        low.panel.notices.sentence.width()
    )
    whole = low.panel.findChild(QtWidgets.QScrollArea)
    whole.ensureWidgetVisible(low.panel.task.run_button)
    settle(low)
    assert in_sight(low, low.panel.task.run_button)


def test_german_fits_as_well(low):
    low.controller.change(language="de")
    low.panel.close()
    low.panel.deleteLater()
    low.panel = Panel(low.controller)
    low.panel.show()
    low.panel.resize(300, 700)
    settle(low)
    for widget in [*always_shown(low), low.panel.notices.retry, low.panel.notices.copy]:
        assert in_sight(low, widget), widget
        assert widget.mapTo(low.panel, widget.rect().topRight()).x() < 300


@pytest.fixture
def german(studio):
    """A docker with a checkpoint and three variations that run, in which operations stand two in a line."""
    studio.bring_checkpoint()
    studio.controller.change(language="de")
    studio.panel.close()
    studio.panel.deleteLater()
    studio.panel = Panel(studio.controller)
    studio.panel.show()
    task = studio.panel.task
    studio.panel.resize(2 * max(each.sizeHint().width() for each in task._segments.values()) + 40, 617)
    task._model.wanted = CHECKPOINT
    task.refresh()
    task.variations.setValue(3)
    task.run_button.click()
    settle(studio)
    return studio


def test_german_shows_each_operation(german):
    segments = [each for each in german.panel.task._segments.values() if each.isVisible()]
    assert len(segments) == 5
    for segment in segments:
        assert in_sight(german, segment), segment.text()


def test_the_chosen_operation_is_in_sight(german):
    german.connect(german.controller.models, real_welcome(change=lambda infos: [*infos, *MORE]))
    task = german.panel.task
    german.panel.resize(german.panel.width(), 380)
    for name in (MORE[-1].name, "refocus"):
        task.choose(name)
        settle(german)
        assert in_sight(german, task._segments[name])


@pytest.mark.parametrize("width", range(244, 260, 4))
def test_where_there_is_room_no_operation_hides_behind_a_scroll_bar(studio, width):
    studio.bring_checkpoint()
    for height in (420, 900):
        studio.panel.resize(width, height)
        settle(studio)
    for segment in studio.panel.task._segments.values():
        assert segment.isHidden() or in_sight(studio, segment), segment.text()


def places(studio):
    """Return where what a person is about to press lies."""
    return [widget.mapTo(studio.panel, widget.rect().topLeft()) for widget in always_shown(studio)]


@pytest.mark.parametrize(("width", "height"), [(300, 700), (270, 540), (400, 900)])
def test_nothing_moves_under_the_pointer_when_a_notice_comes_or_goes(studio, width, height):
    studio.panel.resize(width, height)
    studio.bring_checkpoint()
    task = studio.panel.task
    task._model.wanted = CHECKPOINT
    task.refresh()
    task.run_button.click()
    settle(studio)
    before = places(studio)
    studio.tell(StateChange(ConnectionState.SILENT, SUSPENDED.info))
    settle(studio)
    assert studio.panel.notices.isVisible()
    assert places(studio) == before
    studio.connect(studio.controller.models)
    settle(studio)
    assert studio.panel.notices.isHidden()
    assert places(studio) == before


@pytest.mark.parametrize("width", [230, 270, 300, 400])
def test_nothing_moves_when_the_selection_goes(studio, width):
    studio.panel.resize(width, 700)
    studio.bring_checkpoint()
    settle(studio)
    before, region = places(studio), studio.panel.task._region
    studio.editor.now = replace(studio.editor.now, selection=None)
    studio.controller.look()
    settle(studio)
    assert region.text().startswith("Nothing is selected")
    assert region.height() >= QtWidgets.QLabel.heightForWidth(region, region.width())
    assert places(studio) == before


@pytest.mark.parametrize("error", [ABSENT, SUSPENDED, LOST], ids=["absent", "suspended", "lost"])
def test_a_notice_is_read_to_its_end(studio, error):
    said = studio.panel.notices.sentence
    for width in range(220, 401, 20):
        studio.panel.resize(width, 700)
        for told in (BRIEF, error):
            studio.tell(StateChange(ConnectionState.LOST, told.info))
            settle(studio)
        assert said.text() == str(error)
        assert said.height() == said.heightForWidth(said.width()), width
        assert in_sight(studio, said), width


def test_a_notice_that_says_less_gives_its_room_back(bereft):
    settle(bereft)
    bereft.tell(StateChange(ConnectionState.LOST, LOST.info))
    settle(bereft)
    high = bereft.panel.notices.height()
    bereft.connect()
    settle(bereft)
    notices = bereft.panel.notices
    assert notices.sentence.text().startswith("The settings could not be read")
    assert notices.height() < high - 60
    assert notices.height() == notices.sizeHint().height()
    notices.close_button.click()
    settle(bereft)
    assert notices.isHidden()
