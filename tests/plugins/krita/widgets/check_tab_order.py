"""The keyboard goes through the docker as it is drawn, and reaches all of it."""

from __future__ import annotations

import pytest
from foveate_krita.add_model import AddModelDialog
from foveate_krita.qt import Qt, QtCore, QtGui, QtWidgets
from foveate_krita.settings_dialog import SettingsDialog

from foveate_shared.wire.protocol import Accepted

CHECKPOINT = "deterministic-diffusion"
FROM_OUTSIDE = 100  # steps: more than there are stops


def walk(window, key=Qt.Key.Key_Tab):
    """Return what Tab stops at, from where the keyboard is until it comes there again."""
    stops = []
    for _ in range(FROM_OUTSIDE):
        for kind in (QtCore.QEvent.Type.KeyPress, QtCore.QEvent.Type.KeyRelease):
            event = QtGui.QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier)
            QtWidgets.QApplication.sendEvent(window.focusWidget(), event)
        if window.focusWidget() in stops:
            break
        stops.append(window.focusWidget())
    return stops


def place(widget, window):
    """Return the middle of a widget from the top, and its left edge."""
    middle = widget.mapTo(window, widget.rect().center())
    return middle.y() // 12, middle.x()  # what stands in one line is not equally high


@pytest.fixture
def busy(studio):
    """A panel with all that a checkpoint brings unfolded, and a job that runs."""
    studio.panel.resize(340, 2400)
    studio.bring_checkpoint()
    task = studio.panel.task
    task._model.wanted = CHECKPOINT
    task._fold._button.setChecked(True)
    task.variations.setValue(2)
    task.refresh()
    task.run_button.click()
    for job in studio.controller.jobs:
        studio.tell(Accepted(job.flow.job, 1))
    for _ in range(6):
        studio.breathe()
    studio.panel.activateWindow()
    return studio


@pytest.mark.parametrize("operation", ["refocus", "faces", "upscale", "fill"])
def test_tab_goes_from_top_to_bottom_and_reaches_the_results(busy, operation):
    panel = busy.panel
    panel.task.choose(operation)
    busy.breathe()
    panel.findChild(QtWidgets.QToolButton).setFocus()  # the first: the settings
    stops = [panel.focusWidget(), *walk(panel)[:-1]]
    places = [place(each, panel) for each in stops]
    assert places == sorted(places), [each.accessibleName() or each.objectName() for each in stops]
    assert {panel.task._model._box, panel.task.run_button} <= set(stops)
    (first, *_) = busy.controller.groups()[0]
    assert panel.jobs.card(first).cancel in stops


@pytest.mark.parametrize("dialog", [SettingsDialog, AddModelDialog])
def test_dialogs_too(studio, dialog):
    made = dialog(studio.controller, studio.panel)
    made.show()
    made.activateWindow()
    studio.breathe()
    stops = walk(made)
    first = min(range(len(stops)), key=lambda at: place(stops[at], made))
    places = [place(each, made) for each in [*stops[first:], *stops[:first]]]
    assert places == sorted(places), [type(each).__name__ for each in stops]
    made.close()
    made.deleteLater()
