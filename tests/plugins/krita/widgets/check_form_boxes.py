"""The form in a narrow docker: nothing is cut, long titles are elided, and the wheel changes no value on its way."""

from __future__ import annotations

from dataclasses import replace

import pytest
from foveate_krita.form_boxes import DropDown
from foveate_krita.panel import Panel
from foveate_krita.qt import Qt, QtCore, QtGui, QtWidgets

from fakes.models import FOR_PROMPTS

CHECKPOINT = "deterministic-diffusion"
LONG = "xl-lora.safetensors (LoRA for Stable Diffusion XL & others, rank 2)"


@pytest.fixture(params=["en", "de"])
def narrow(studio, request):
    """A panel of 300 pixels, a checkpoint with a long title, and a LoRA with one."""
    studio.controller.change(language=request.param)
    studio.panel.close()
    studio.panel.deleteLater()
    studio.panel = Panel(studio.controller)
    studio.panel.show()
    studio.panel.resize(300, 1600)
    studio.connect(tuple(replace(each, title=LONG) for each in FOR_PROMPTS))
    return studio


def unfolded(studio, operation):
    task = studio.panel.task
    task.choose(operation)
    task._model.wanted = CHECKPOINT
    task.refresh()
    task._fold._button.setChecked(True)
    for _ in range(6):
        studio.breathe()
    return task


@pytest.mark.parametrize("operation", ["refocus", "faces", "upscale", "fill", "compare"])
def test_nothing_is_wider_than_the_docker(narrow, operation):
    unfolded(narrow, operation)
    panel = narrow.panel
    shown = [each for each in panel.findChildren(QtWidgets.QWidget) if each.isVisible() and not each.children()]
    rights = {each: each.mapTo(panel, each.rect().topRight()).x() for each in shown}
    assert len(shown) > 20
    assert [each for each, right in rights.items() if right >= panel.width()] == []


def test_a_long_title_is_elided_and_told(narrow):
    task = unfolded(narrow, "refocus")
    (tick,) = task.fields["loras"]._ticks.values()
    assert tick.shown_title.endswith("…")
    assert len(tick.shown_title) > 8
    assert tick.toolTip().startswith(LONG)
    box = task._model._box
    assert box.currentText() == LONG
    assert box.shown_title.endswith("…")


def test_where_there_is_room_a_title_is_whole(narrow):
    narrow.panel.resize(900, 1600)
    task = unfolded(narrow, "refocus")
    (tick,) = task.fields["loras"]._ticks.values()
    assert (tick.shown_title, task._model._box.shown_title) == (LONG, LONG)
    assert not tick.grab().isNull()  # it draws itself


def turn(box):
    """Turn the mouse wheel up over a box; return whether it was taken."""
    middle = QtCore.QPointF(box.rect().center())
    event = QtGui.QWheelEvent(
        middle,
        QtCore.QPointF(box.mapToGlobal(box.rect().center())),
        QtCore.QPoint(),
        QtCore.QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,  # not inverted
    )
    event.ignore()
    QtWidgets.QApplication.sendEvent(box, event)
    return event.isAccepted()


def test_the_wheel_changes_no_value_that_has_not_the_keyboard(narrow):
    panel = narrow.panel
    panel.activateWindow()
    kinds = (QtWidgets.QAbstractSpinBox, QtWidgets.QSlider, QtWidgets.QComboBox)
    for operation in ("refocus", "fill", "upscale"):
        unfolded(narrow, operation)
        panel.setFocus()
        boxes = [each for kind in kinds for each in panel.findChildren(kind) if each.isVisible() and each.isEnabled()]
        assert len(boxes) > 5
        before = panel.task.parameters(), panel.task.variations.value()
        for box in boxes:
            assert box.focusPolicy() == Qt.FocusPolicy.StrongFocus
            turn(box)
        assert (panel.task.parameters(), panel.task.variations.value()) == before


def test_the_wheel_changes_what_has_the_keyboard(narrow):
    panel = narrow.panel
    panel.activateWindow()
    unfolded(narrow, "refocus")
    panel.task.variations.setValue(3)
    panel.task.variations.setFocus()
    turn(panel.task.variations)
    assert panel.task.variations.value() == 2


def test_no_scroll_area_is_moved_sideways(narrow):
    box = DropDown()
    box.setMinimumWidth(500)  # nothing is so wide, but what a stranger's operation brings may be
    narrow.panel.task._form_fields.layout().addWidget(box)
    box.setFocus()
    for area in narrow.panel.findChildren(QtWidgets.QScrollArea):
        narrow.breathe()
        area.ensureVisible(490, 10)
        assert area.horizontalScrollBar().value() == 0
