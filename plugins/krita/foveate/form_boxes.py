"""Boxes for a form that scrolls in a narrow docker: long titles are elided, and the wheel scrolls past them."""

from __future__ import annotations

from typing import Any

from .qt import Qt, QtCore, QtWidgets
from .widgets import STRONG_FOCUS, narrow

_LEAST_TITLE = 6  # letters of a title that are always shown


def past_wheel(box: Any) -> Any:
    """Return a widget, whose value the wheel changes from now on only while it has the keyboard."""
    box.setFocusPolicy(STRONG_FOCUS)  # else the wheel would give it the keyboard
    box.installEventFilter(_WheelFilter(box))
    return box


class _WheelFilter(QtCore.QObject):  # type: ignore[misc]
    """Leaves the wheel to what a widget lies in."""

    def eventFilter(self, watched: Any, event: Any) -> bool:  # noqa: N802 - Qt's name
        """Take the wheel away from a widget without the keyboard."""
        is_past = event.type() == QtCore.QEvent.Type.Wheel and not watched.hasFocus()
        if is_past:
            event.ignore()  # so that it goes on to the parent
        return is_past


class DropDown(QtWidgets.QComboBox):  # type: ignore[misc]
    """A drop-down list that takes whatever width there is."""

    def __init__(self, **properties: Any) -> None:
        super().__init__(**properties)
        past_wheel(narrow(self))

    def paintEvent(self, _event: Any) -> None:  # noqa: N802 - Qt's name
        """Draw it with as much of the title as there is room for."""
        painter, option = QtWidgets.QStylePainter(self), self._option()
        painter.drawComplexControl(QtWidgets.QStyle.ComplexControl.CC_ComboBox, option)
        option.currentText = self.shown_title
        painter.drawControl(QtWidgets.QStyle.ControlElement.CE_ComboBoxLabel, option)

    def event(self, event: Any) -> bool:
        """Tell the title where it is not seen whole, too."""
        if event.type() == QtCore.QEvent.Type.ToolTip and self.shown_title != self.currentText():
            QtWidgets.QToolTip.showText(event.globalPos(), f"{self.currentText()}\n{self.toolTip()}", self)
            return True
        return bool(super().event(event))

    @property
    def shown_title(self) -> str:
        """Return the chosen title as it is seen."""
        control, part = QtWidgets.QStyle.ComplexControl, QtWidgets.QStyle.SubControl
        area = self.style().subControlRect(control.CC_ComboBox, self._option(), part.SC_ComboBoxEditField, self)
        return _elided(self, self.currentText(), area.width() - 2)

    def _option(self) -> Any:
        option = QtWidgets.QStyleOptionComboBox()
        self.initStyleOption(option)
        return option


class TitledTick(QtWidgets.QCheckBox):  # type: ignore[misc]
    """A tick beside a title, whose tip begins with it."""

    def __init__(self, title: str, tip: str) -> None:
        super().__init__(title.replace("&", "&&"), toolTip=f"{title}\n{tip}", accessibleName=title)
        self._title = title
        self.setSizePolicy(QtWidgets.QSizePolicy.Policy.Preferred, QtWidgets.QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> Any:  # noqa: N802 - Qt's names, here and below
        """Return the size with the beginning of the title."""
        hint, metrics = super().minimumSizeHint(), self.fontMetrics()
        beside = hint.width() - metrics.horizontalAdvance(self._title)
        return QtCore.QSize(beside + _LEAST_TITLE * metrics.averageCharWidth(), hint.height())

    def paintEvent(self, _event: Any) -> None:  # noqa: N802
        """Draw it with as much of the title as there is room for."""
        option = self._option()
        option.text = self.shown_title.replace("&", "&&")
        QtWidgets.QStylePainter(self).drawControl(QtWidgets.QStyle.ControlElement.CE_CheckBox, option)

    @property
    def shown_title(self) -> str:
        """Return the title as it is seen."""
        content = QtWidgets.QStyle.SubElement.SE_CheckBoxContents
        return _elided(self, self._title, self.style().subElementRect(content, self._option(), self).width())

    def _option(self) -> Any:
        option = QtWidgets.QStyleOptionButton()
        self.initStyleOption(option)
        return option


def _elided(widget: Any, text: str, width: int) -> str:
    return str(widget.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, width))
