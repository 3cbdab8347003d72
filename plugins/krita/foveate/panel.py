"""The docker's content: connection, task, and what comes of it. It knows Qt, and nothing of Krita."""

from __future__ import annotations

from typing import Any

from . import style
from .below_form import BelowForm
from .connection_row import ConnectionRow
from .controller import KritaController
from .job_history import JobHistory
from .notices import Notices
from .qt import Qt, QtCore, QtWidgets
from .settings_dialog import SettingsDialog
from .tab_order import tab_as_drawn
from .task_form import TaskForm
from .widgets import column, scrolling

_THEME_CHANGES = (QtCore.QEvent.Type.PaletteChange, QtCore.QEvent.Type.ApplicationPaletteChange)


class Panel(QtWidgets.QWidget):  # type: ignore[misc]
    """All of the docker; several may show one controller."""

    def __init__(self, controller: KritaController) -> None:
        super().__init__()
        self.controller = controller
        name = controller.say("Settings")
        gear = QtWidgets.QToolButton(objectName="flat", text="⚙", toolTip=name, accessibleName=name)
        gear.clicked.connect(self.open_settings)
        self.connection = ConnectionRow(controller, gear)
        self.task = TaskForm(controller)
        self.notices, self.jobs = Notices(controller), JobHistory(controller)
        below = BelowForm(self.task.reason, self.notices, self.jobs)
        layout = column(None, self.connection, self.task, below, margin=8, spacing=8)
        layout.setStretch(2, 1)
        inside = QtWidgets.QWidget(objectName="plain")
        inside.setLayout(layout)
        whole = QtWidgets.QScrollArea(objectName="plain", focusPolicy=Qt.FocusPolicy.NoFocus)
        scrolling(whole, inside)  # where there is not even room for the least of it
        column(self, whole)  # Krita takes the margins of a docker's own layout away
        self._theme = ""  # the style sheet that is set
        self._dress()

    def open_settings(self) -> Any:
        """Open the settings dialog."""
        return self.controller.dialogs.show(SettingsDialog(self.controller, self.window()))

    def focusNextPrevChild(self, forwards: bool) -> bool:  # noqa: N802 - Qt's name
        """Go on as it is drawn now: rows and cards come and go."""
        tab_as_drawn(self)
        return bool(super().focusNextPrevChild(forwards))

    def changeEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Follow Krita's theme."""
        super().changeEvent(event)
        if event.type() in _THEME_CHANGES:
            self._dress()

    def _dress(self) -> None:
        sheet = style.sheet(QtWidgets.QApplication.palette())
        if sheet != getattr(self, "_theme", sheet):
            self._theme = sheet
            self.setStyleSheet(sheet)
