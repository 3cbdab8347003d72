"""Adding a model: what to get, where it is, and how far it is."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from ._shared import add_model, checkpoint_advice, errors
from .controller import KritaController
from .qt import Qt, QtWidgets
from .widgets import button, column, label, row

_PICKLES = {".ckpt", ".pt", ".pth", ".bin"}
_FILTER = "*.safetensors *.ckpt *.pt *.pth *.bin"


class AddModelDialog(QtWidgets.QDialog):  # type: ignore[misc]
    """Closing it does not stop what is under way: the desk goes on with it."""

    def __init__(self, desk: KritaController, parent: Any = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._desk = desk
        say = desk.say
        self.setWindowTitle(say("Foveate: add a model"))
        self.what = QtWidgets.QLineEdit()
        self.what.setPlaceholderText(say("File, folder, or org/name on the model hub"))
        self.what.setToolTip(say("A checkpoint, LoRA, embedding, VAE or restorer; what it is is told by its weights"))
        self.what.setAccessibleName(say("Model"))
        self._pickle = QtWidgets.QCheckBox(say("Read this older format"))
        self._pickle.setToolTip(say("Weights alone are read, and kept as safetensors; no code in the file is run"))
        self._file = button(say("File…"), say("Choose a file"), self._choose_file)
        self._folder = button(say("Folder…"), say("Choose a folder, as diffusers writes it"), self._choose_folder)
        self.add = button(say("Add"), say("Add it to the models of this machine"), self._add, "strong")
        self.stop = button(say("Cancel"), say("Stop; what was fetched is used next time"), desk.adder.stop)
        self._copy = button(
            say("Copy command"), say("Copy the command that does the same in a terminal"), self._copy_command
        )
        self._bar = QtWidgets.QProgressBar()
        self._bar.setRange(0, 0)
        self._bar.setTextVisible(False)
        self._said = label(name="notes")
        self._why = label(adding_reason(desk), "hint")
        self._why.setVisible(bool(self._why.text()))
        self._lay_out()
        self.what.textChanged.connect(self.refresh)
        self._pickle.toggled.connect(self.refresh)
        desk.signals.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show where it stands."""
        running = self._desk.adder.is_running
        named = bool(self.what.text().strip())
        old = PurePath(self.what.text().strip()).suffix.lower() in _PICKLES
        self._pickle.setVisible(old)
        can = not self._why.text() and named and not running and (not old or self._pickle.isChecked())
        self.add.setEnabled(can)
        self.stop.setVisible(running)
        self._bar.setVisible(running)
        self._said.setText(self._desk.adder.text(self._desk.say))
        self._said.setVisible(bool(self._said.text()))

    def _add(self) -> None:
        try:
            self._desk.add_model(self.what.text(), allow_pickle=self._pickle.isChecked())
        except errors.FoveateError as error:
            self._said.setText(self._desk.say.sentence(str(error)))
            self._said.setVisible(True)

    def _copy_command(self) -> None:
        try:
            text = add_model.command_to_copy(self._desk.settings, self.what.text())
        except errors.FoveateError as error:
            self._said.setText(self._desk.say.sentence(str(error)))
            self._said.setVisible(True)
            return
        QtWidgets.QApplication.clipboard().setText(text)

    def _choose_file(self) -> None:
        say = self._desk.say
        name, _ = QtWidgets.QFileDialog.getOpenFileName(
            self, say("Choose a file"), "", f"{say('Models')} ({_FILTER});;{say('All files')} (*)"
        )
        if name:
            self.what.setText(name)

    def _choose_folder(self) -> None:
        name = QtWidgets.QFileDialog.getExistingDirectory(self, self._desk.say("Choose a folder"))
        if name:
            self.what.setText(name)

    def _lay_out(self) -> None:
        say = self._desk.say
        layout = column(self, margin=12, spacing=8)
        layout.addWidget(label(say(checkpoint_advice.INTRODUCTION)))
        layout.addWidget(_advice(self._desk))
        for step in checkpoint_advice.STEPS:
            layout.addWidget(label(say(step), "hint"))
        layout.addLayout(row(self.what, self._file, self._folder))
        layout.addWidget(self._pickle)
        layout.addWidget(self._why)
        layout.addWidget(self._bar)
        layout.addWidget(self._said)
        layout.addStretch(1)
        close = button(say("Close"), say("Close this window; what is under way goes on"), self.close)
        layout.addLayout(row(self._copy, None, self.stop, self.add, close))
        self.resize(620, 480)


def adding_reason(desk: KritaController) -> str:
    """Return why nothing can be added from here; empty where it can."""
    return desk.say(reason) if (reason := add_model.why_not(desk.settings)) else ""


def _advice(desk: KritaController) -> Any:
    """Return what to get for which graphics card, as a table."""
    say, made = desk.say, QtWidgets.QFrame()
    made.setObjectName("card")
    grid = QtWidgets.QGridLayout(made)
    grid.setColumnStretch(1, 1)
    grid.setVerticalSpacing(4)
    for line, entry in enumerate(checkpoint_advice.ADVICE):
        heading = label(entry.heading(say), "title", wraps=False)
        grid.addWidget(heading, line, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(label(checkpoint_advice.advice_text(entry, say)), line, 1)
    return made
