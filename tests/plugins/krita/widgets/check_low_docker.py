"""What stays in sight where there is room for little: a docker of 300 x 700 pixels, and lower ones."""

from __future__ import annotations

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
    assert low.panel.connection._trouble.isVisible()
    assert low.panel.height() == 700
    for widget in [*always_shown(low), low.panel.connection._retry, low.panel.connection._copy]:
        assert in_sight(low, widget), widget
    for text in (low.panel.connection._sentence, low.panel.task._region, low.panel.task._reason):
        assert text.height() >= text.heightForWidth(text.width()), text.text()


def test_what_runs_is_ended_by_one_click(low):
    low.panel.task.cancel_button.click()
    assert [job.is_running for job in low.controller.jobs] == [False] * 4
    settle(low)
    assert low.panel.task.cancel_button.isHidden()


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


def test_in_a_lower_docker_nothing_is_squeezed(low):
    low.panel.resize(300, 380)
    settle(low)
    assert low.panel.height() == 380
    for widget in always_shown(low):
        assert widget.height() >= widget.minimumSizeHint().height(), widget
    assert low.panel.connection._sentence.height() >= low.panel.connection._sentence.heightForWidth(
        low.panel.connection._sentence.width()
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
    for widget in [*always_shown(low), low.panel.connection._retry, low.panel.connection._copy]:
        assert in_sight(low, widget), widget
        assert widget.mapTo(low.panel, widget.rect().topRight()).x() < 300


@pytest.mark.parametrize("width", range(244, 260, 4))
def test_where_there_is_room_no_operation_hides_behind_a_scroll_bar(studio, width):
    studio.bring_checkpoint()
    for height in (420, 900):
        studio.panel.resize(width, height)
        settle(studio)
    for segment in studio.panel.task._segments.values():
        assert segment.isHidden() or in_sight(studio, segment), segment.text()
