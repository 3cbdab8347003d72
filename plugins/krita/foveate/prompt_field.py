"""A prompt: some lines of text, and those that were used before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ._shared import prompt_history
from .qt import Qt, QtGui, QtWidgets, Signal
from .widgets import column, label, row


class PromptField(QtWidgets.QWidget):  # type: ignore[misc]
    """Ctrl+Up and Ctrl+Down walk through the history, as the menu beside the title does."""

    changed = Signal()
    forget_wanted = Signal()

    def __init__(
        self, say: Any, title: str, tip: str, *, hint: str, lines: int, history: Callable[[], Sequence[str]]
    ) -> None:
        """`history` returns the prompts used before, the newest first."""
        super().__init__()
        self._say = say
        self._history = history
        self._edit = _Lines(lines)
        self._edit.setPlaceholderText(hint)
        self._edit.setToolTip(f"{tip}\n{say('Ctrl+Up and Ctrl+Down: prompts used before')}")
        self._edit.setAccessibleName(title)
        self._edit.textChanged.connect(self.changed.emit)
        self._edit.walked.connect(self._walk)
        self._recall = prompt_history.Recall()
        self._button = QtWidgets.QToolButton()
        self._button.setObjectName("flat")
        self._button.setText("▾")
        self._button.setToolTip(say("Prompts used before"))
        self._button.setAccessibleName(f"{title}: {say('Prompts used before')}")
        self._button.setPopupMode(QtWidgets.QToolButton.ToolButtonPopupMode.InstantPopup)
        self._button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._menu = QtWidgets.QMenu(self._button)
        self._menu.aboutToShow.connect(self._list)
        self._button.setMenu(self._menu)
        name = label(title, "name", wraps=False)
        name.setBuddy(self._edit)
        layout = column(self, spacing=1)
        layout.addLayout(row(name, None, self._button))
        layout.addWidget(self._edit)

    @property
    def value(self) -> str:
        """Return the text."""
        return str(self._edit.toPlainText())

    @value.setter
    def value(self, text: Any) -> None:
        if text != self.value:
            self._edit.setPlainText(str(text or ""))

    def _walk(self, older: bool) -> None:
        history = self._history()
        step = self._recall.older if older else self._recall.newer
        self._take(step(history, self.value))

    def _take(self, text: str) -> None:
        self.value = text
        cursor = self._edit.textCursor()
        cursor.movePosition(QtGui.QTextCursor.MoveOperation.End)
        self._edit.setTextCursor(cursor)

    def _list(self) -> None:
        """Fill the menu: it shows what there is when it opens."""
        self._menu.clear()
        history = self._history()
        if not history:
            self._menu.addAction(self._say("Nothing was used yet")).setEnabled(False)
            return
        for text in history:
            action = self._menu.addAction(prompt_history.in_one_line(text).replace("&", "&&"))
            action.triggered.connect(lambda _=False, text=text: self._take(text))
        self._menu.addSeparator()
        self._menu.addAction(self._say("Forget all of them")).triggered.connect(lambda _: self.forget_wanted.emit())


class _Lines(QtWidgets.QPlainTextEdit):  # type: ignore[misc]
    """A text of some lines. Tab leaves it."""

    walked = Signal(bool)  # to an older prompt, else to a newer one

    def __init__(self, lines: int) -> None:
        super().__init__()
        self.setTabChangesFocus(True)
        self.setLineWrapMode(QtWidgets.QPlainTextEdit.LineWrapMode.WidgetWidth)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFixedHeight(lines * self.fontMetrics().lineSpacing() + 12)

    def keyPressEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Walk through the history on Ctrl+Up and Ctrl+Down."""
        is_arrow = event.key() in {Qt.Key.Key_Up, Qt.Key.Key_Down}
        if is_arrow and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.walked.emit(event.key() == Qt.Key.Key_Up)
            return
        super().keyPressEvent(event)
