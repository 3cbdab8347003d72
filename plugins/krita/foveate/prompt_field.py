"""A prompt: some lines of text, and those that were used before."""

from __future__ import annotations

from functools import partial
from typing import Any

from ._shared import operation_form, prompt_history
from .controller import KritaController
from .parameter_fields import ParameterField
from .qt import Qt, QtGui, QtWidgets, Signal
from .widgets import add_choice, column, label, menu_button, row

_SHOWN = {  # a hint, and the lines of text
    "prompt": ("Empty: what suits what is there", 3),
    "negative_prompt": ("What it shall not show", 1),
}


class PromptField(ParameterField):
    """Ctrl+Up and Ctrl+Down walk through the history, as the menu beside the title does."""

    def __init__(self, controller: KritaController, parameter: operation_form.Parameter) -> None:
        super().__init__()
        self._controller, self._kind = controller, parameter.name
        say, title, tip = controller.say, controller.say(parameter.title), controller.say(parameter.description)
        hint, lines = _SHOWN[parameter.name]
        self._edit = _Lines(lines)
        self._edit.setPlaceholderText(say(hint))
        self._edit.setToolTip(f"{tip}\n{say('Ctrl+Up and Ctrl+Down: prompts used before')}")
        self._edit.setAccessibleName(title)
        self._edit.textChanged.connect(self.changed.emit)
        self._edit.walked.connect(self._walk)
        self._recall = prompt_history.Recall()
        button, self._menu = menu_button(title, say("Prompts used before"))
        self._menu.aboutToShow.connect(self._list)
        name = label(title, "name", wraps=False)
        name.setBuddy(self._edit)
        column(self, row(name, None, button), self._edit, spacing=1)

    @property
    def value(self) -> str:
        """Return the text."""
        return str(self._edit.toPlainText())

    @value.setter
    def value(self, text: Any) -> None:
        if text != self.value:
            self._edit.setPlainText(str(text or ""))

    def _walk(self, older: bool) -> None:
        step = self._recall.older if older else self._recall.newer
        self._take(step(self._controller.history(self._kind), self.value))

    def _take(self, text: str) -> None:
        self.value = text
        cursor = self._edit.textCursor()
        cursor.movePosition(QtGui.QTextCursor.MoveOperation.End)
        self._edit.setTextCursor(cursor)

    def _list(self) -> None:
        """Fill the menu: it shows what there is when it opens."""
        self._menu.clear()
        say, history = self._controller.say, self._controller.history(self._kind)
        if not history:
            self._menu.addAction(say("Nothing was used yet")).setEnabled(False)
            return
        for text in history:
            add_choice(self._menu, prompt_history.in_one_line(text), partial(self._take, text))
        self._menu.addSeparator()
        add_choice(self._menu, say("Forget all of them"), partial(self._controller.forget_prompts, self._kind))


class _Lines(QtWidgets.QPlainTextEdit):  # type: ignore[misc]
    """A text of some lines. Tab leaves it."""

    walked = Signal(bool)  # to an older prompt, else to a newer one

    def __init__(self, lines: int) -> None:
        super().__init__(tabChangesFocus=True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFixedHeight(lines * self.fontMetrics().lineSpacing() + 12)

    def keyPressEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Walk through the history on Ctrl+Up and Ctrl+Down."""
        is_arrow = event.key() in {Qt.Key.Key_Up, Qt.Key.Key_Down}
        if is_arrow and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.walked.emit(event.key() == Qt.Key.Key_Up)
            return
        super().keyPressEvent(event)
