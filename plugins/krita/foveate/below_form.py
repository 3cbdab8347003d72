"""What lies below the form: notices, and the results. They share one room, so that the form never moves."""

from __future__ import annotations

from typing import Any

from .qt import QtCore, QtWidgets
from .widgets import column

_LEAST = 10  # lines of text: a reason and a notice, or what a job does and its buttons


class BelowForm(QtWidgets.QWidget):  # type: ignore[misc]
    """Wants the same height whatever is in it: who is about to press a button of the form finds it where it was."""

    def __init__(self, *children: Any) -> None:
        """The last child takes the room that the others leave."""
        super().__init__()
        *others, last = children
        policy = QtWidgets.QSizePolicy.Policy
        last.setSizePolicy(policy.Expanding, policy.Ignored)
        last.setMinimumHeight(1)
        column(self, *others, last, spacing=8).setStretch(len(others), 1)

    def hasHeightForWidth(self) -> bool:  # noqa: N802 - Qt's names, here and below
        """Say no."""
        return False

    def sizeHint(self) -> Any:  # noqa: N802
        """Return its size where there is little room."""
        return QtCore.QSize(super().sizeHint().width(), self._least)

    def minimumSizeHint(self) -> Any:  # noqa: N802
        """Return the same height."""
        return QtCore.QSize(super().minimumSizeHint().width(), self._least)

    @property
    def _least(self) -> int:
        return _LEAST * int(self.fontMetrics().lineSpacing())
