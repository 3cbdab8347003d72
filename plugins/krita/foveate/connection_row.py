"""The first row of the panel: whether the server is there."""

from __future__ import annotations

from typing import Any

from . import style
from ._shared import client, labels
from .controller import KritaController
from .qt import QtWidgets
from .widgets import Dot, label, row

State = client.ConnectionState
_COLORS = {
    State.READY: style.GOOD,
    State.SILENT: style.BAD,
    State.LOST: style.BAD,
    State.ENDED: style.IDLE,
    State.REFUSED: style.BAD,
    State.CLOSED: style.IDLE,
}


class ConnectionRow(QtWidgets.QWidget):  # type: ignore[misc]
    """A light, a word, and the way to the settings."""

    def __init__(self, controller: KritaController, settings_button: Any) -> None:
        super().__init__()
        self._controller = controller
        self._dot = Dot()
        self._state, self._server = label(name="title", wraps=False), label(name="muted", wraps=False)
        self.setLayout(row(self._dot, self._state, self._server, None, settings_button))
        controller.signals.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the connection as it is."""
        view = self._controller.connection
        self._dot.show_color(_COLORS.get(view.state, style.BUSY))
        self._state.setText(labels.connection(view, self._controller.say))
        self._server.setText(view.server)
