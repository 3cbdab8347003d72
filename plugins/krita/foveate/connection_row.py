"""The first row of the panel: whether server and settings are there, and what to do where they are not."""

from __future__ import annotations

from typing import Any

from . import style
from ._shared import client, labels
from .controller import KritaController
from .qt import Qt, QtWidgets
from .widgets import Dot, Measured, Shrinking, button, column, copy_text, label, row
from .wrapping import Wrapping

State = client.ConnectionState
_COLORS = {
    State.READY: style.GOOD,
    State.SILENT: style.BAD,
    State.LOST: style.BAD,
    State.REFUSED: style.BAD,
    State.CLOSED: style.IDLE,
}


class ConnectionRow(Measured):
    """A light and a word; below, where something is wrong, a sentence with its remedy and buttons."""

    def __init__(self, controller: KritaController, settings_button: Any) -> None:
        super().__init__()
        self._controller = controller
        say = controller.say
        self._dot = Dot()
        self._state, self._server = label(name="title", wraps=False), label(name="muted", wraps=False)
        self._trouble = QtWidgets.QFrame(objectName="notice")
        self._sentence = label(name="sentence")
        self._sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._retry = button(
            say("Start or retry"),
            say("Look for the server again now, and start it where none runs"),
            controller.reconnect,
        )
        self._copy = button(
            say("Copy command"),
            say("Copy the command that starts the server, for a terminal on this machine"),
            lambda: copy_text(controller.command),
        )
        column(self._trouble, Shrinking(self._sentence), Wrapping(self._retry, self._copy), margin=8)
        column(self, row(self._dot, self._state, self._server, None, settings_button), self._trouble)
        controller.signals.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the connection as it is."""
        view = self._controller.connection
        self._dot.show_color(_COLORS.get(view.state, style.BUSY))
        self._state.setText(labels.connection(view, self._controller.say))
        self._server.setText(view.server)
        trouble = view.warning if view.state is State.READY else view.error
        told = [str(each) for each in (self._controller.problem, trouble) if each]
        self._trouble.setVisible(bool(told))
        self._sentence.setText("\n".join(map(self._controller.say.sentence, told)))
        self._retry.setVisible(trouble is not None and view.state is not State.SILENT)  # it goes on by itself
        self._copy.setVisible(self._controller.is_command_for_terminal)
