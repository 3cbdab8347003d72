"""Widgets side by side, in as many lines as there is width for."""

from __future__ import annotations

import pytest
from foveate_krita.qt import QtCore, QtWidgets
from foveate_krita.wrapping import Wrapping

WIDE, HIGH = 50, 20


class Box(QtWidgets.QWidget):
    def sizeHint(self):  # noqa: N802 - Qt's name
        return QtCore.QSize(WIDE, HIGH)

    minimumSizeHint = sizeHint  # noqa: N815 - Qt's name


def placed(width, boxes, **options):
    """Return what a layout says of its height at a width, and where it has put its widgets."""
    holder = QtWidgets.QWidget()
    layout = Wrapping(*boxes, spacing=10, **options)
    holder.setLayout(layout)
    for box in boxes:
        box.setVisible(not box.property("gone"))
    holder.resize(width, 400)
    layout.setGeometry(QtCore.QRect(0, 0, width, 400))
    found = [(box.x(), box.y(), box.width()) for box in boxes if not box.property("gone")]
    return layout.heightForWidth(width), found


@pytest.mark.parametrize(
    ("width", "height", "places"),
    [
        (170, 20, [(0, 0, 50), (60, 0, 50), (120, 0, 50)]),
        (169, 50, [(0, 0, 50), (60, 0, 50), (0, 30, 50)]),
        (50, 80, [(0, 0, 50), (0, 30, 50), (0, 60, 50)]),
    ],
)
def test_a_line_ends_where_there_is_no_more_room(application, width, height, places):
    assert placed(width, [Box(), Box(), Box()]) == (height, places)


def test_one_takes_what_is_left_of_its_line(application):
    assert placed(200, [Box(), Box()], wide=0) == (20, [(0, 0, 140), (150, 0, 50)])
    assert placed(90, [Box(), Box()], wide=0) == (50, [(0, 0, 90), (0, 30, 50)])


def test_columns_are_equal_and_fill_the_width(application):
    boxes = [Box() for _ in range(4)]
    assert placed(230, boxes, across=3) == (50, [(0, 0, 70), (80, 0, 70), (160, 0, 70), (0, 30, 70)])
    boxes = [Box() for _ in range(3)]
    assert placed(130, boxes, across=3) == (50, [(0, 0, 60), (70, 0, 60), (0, 30, 60)])


def test_what_is_hidden_takes_no_room(application):
    boxes = [Box(), Box(), Box()]
    boxes[1].setProperty("gone", True)
    assert placed(110, boxes) == (20, [(0, 0, 50), (60, 0, 50)])
