"""The settings that are seldom changed: the server, what happens with results, the language."""

from __future__ import annotations

from typing import Any

from ._shared import errors, labels, open_connection, typed_settings
from .controller import KritaController
from .qt import Qt, QtWidgets
from .tab_order import tab_as_drawn
from .widgets import button, column, fill, label, row, show_value


class SettingsDialog(QtWidgets.QDialog):  # type: ignore[misc]
    """Changes the controller's settings when it is accepted."""

    def __init__(self, controller: KritaController, parent: Any = None) -> None:
        super().__init__(parent)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self._controller = controller
        say, values = controller.say, controller.settings
        self.setWindowTitle(say("Foveate: settings"))
        self._local = QtWidgets.QRadioButton(
            say("On this machine"), toolTip=say("It is found, and started where none runs")
        )
        self._remote = QtWidgets.QRadioButton(say("On another machine"))
        self._command = QtWidgets.QLineEdit(
            controller.command,
            toolTip=say("What starts the server, as in a terminal. Empty: as the plugin was installed with"),
            placeholderText=open_connection.quoted(values.installed_command),
            clearButtonEnabled=True,
        )
        self._line = QtWidgets.QLineEdit(
            toolTip=say("The line that `foveate serve --pair` prints on the other machine. It is a key."),
            placeholderText=values.remote_url or "foveate://…",
        )
        (self._remote if values.remote_url else self._local).setChecked(True)
        self._ask = QtWidgets.QCheckBox(
            say("Ask before a result is applied"),
            toolTip=say("Results are then shown as a preview first, with Apply and Discard"),
            checked=values.ask_first,
        )
        self._language = QtWidgets.QComboBox()
        fill(self._language, [(title, code, "") for title, code in labels.language_rows("As the system", say)])
        show_value(self._language, values.language)
        self._problem = label(say.sentence(controller.problem), name="problem")
        self._lay_out()
        self._local.toggled.connect(self._enable)
        self._enable(not values.remote_url)

    def accept(self) -> None:
        """Take the settings, or say what is wrong with them."""
        controller, typed = self._controller, {"command": self._command.text(), "line": self._line.text()}
        try:
            server = typed_settings.typed_server(controller.settings, is_local=self._local.isChecked(), **typed)
        except errors.FoveateError as error:
            self._problem.setText(controller.say.sentence(str(error)))
            return
        controller.change(ask_first=self._ask.isChecked(), language=str(self._language.currentData()), **server)
        super().accept()

    def _enable(self, is_local: bool) -> None:
        self._command.setEnabled(is_local)
        self._line.setEnabled(not is_local)

    def _lay_out(self) -> None:
        say = self._controller.say
        server = QtWidgets.QGroupBox(say("Server"))
        form = QtWidgets.QFormLayout(server)
        form.addRow(self._local)
        form.addRow(say("Command"), self._command)
        form.addRow(self._remote)
        form.addRow(say("Pairing line"), self._line)
        others = QtWidgets.QFormLayout()
        others.addRow(self._ask)
        others.addRow(say("Language"), self._language)
        save = button(say("Save"), "", self.accept)
        save.setDefault(True)
        buttons = row(None, button(say("Cancel"), "", self.reject), save)
        column(self, server, others, self._problem, None, buttons, margin=12, spacing=10)
        self.resize(460, 320)
        tab_as_drawn(self)
