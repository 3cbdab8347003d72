"""The settings that are seldom changed: the server, what happens with results, the language."""

from __future__ import annotations

from typing import Any

from ._shared import errors, labels, open_connection, pairing_line, translations
from .controller import KritaController
from .qt import QtWidgets
from .widgets import button, column, label, row

_LANGUAGES = {"": "As the system", **labels.LANGUAGES}


class SettingsDialog(QtWidgets.QDialog):  # type: ignore[misc]
    """Changes the desk's settings when it is accepted."""

    def __init__(self, desk: KritaController, parent: Any = None) -> None:
        super().__init__(parent)
        self._desk = desk
        say, values = desk.say, desk.settings
        self.setWindowTitle(say("Foveate: settings"))
        self._local = QtWidgets.QRadioButton(
            say("On this machine"), toolTip=say("It is found, and started where none runs")
        )
        self._remote = QtWidgets.QRadioButton(say("On another machine"))
        self._command = QtWidgets.QLineEdit(desk.command, toolTip=say("What starts the server, as in a terminal"))
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
        for code in ("", "en", *(code for code in translations.languages() if code != "en")):
            self._language.addItem(say(_LANGUAGES.get(code, code)), code)
        self._language.setCurrentIndex(max(0, self._language.findData(values.language)))
        self._problem = label(name="problem")
        self._lay_out()
        self._local.toggled.connect(self._enable)
        self._enable()

    def accept(self) -> None:
        """Take the settings, or say what is wrong with them."""
        try:
            wanted = self._wanted()
        except errors.FoveateError as error:
            self._problem.setText(self._desk.say.sentence(str(error)))
            return
        self._desk.change(**wanted)
        super().accept()

    def _wanted(self) -> dict[str, Any]:
        values = {"ask_first": self._ask.isChecked(), "language": str(self._language.currentData())}
        if self._local.isChecked():
            return {**values, "server_command": self._typed_command(), **pairing_line.settings_of("")}
        typed = self._line.text().strip()
        if not typed:
            if self._desk.settings.remote_url:
                return values
            raise errors.InputError(
                "There is no line for the other machine yet.",
                remedy="Run `foveate serve --pair` there, and paste what it prints.",
            )
        return {**values, **pairing_line.settings_of(typed)}

    def _typed_command(self) -> tuple[str, ...]:
        typed = self._command.text().strip()
        if typed == self._desk.command:
            return self._desk.settings.server_command
        words = open_connection.typed_command(typed)
        if not words:
            raise errors.InputError(
                "The command that starts the server is missing.",
                remedy="Where Foveate is installed, it is `foveate serve`.",
            )
        return words

    def _enable(self) -> None:
        self._command.setEnabled(self._local.isChecked())
        self._line.setEnabled(self._remote.isChecked())

    def _lay_out(self) -> None:
        say = self._desk.say
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
