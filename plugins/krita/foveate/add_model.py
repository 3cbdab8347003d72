"""Adding a model: what to get, where it is, and how far it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ._shared import add_model_program, checkpoint_advice, errors
from .controller import KritaController
from .qt import Qt, QtWidgets
from .tab_order import tab_as_drawn
from .widgets import button, column, copy_text, label, row, tell

_FILTER = " ".join(f"*{ending}" for ending in (".safetensors", *add_model_program.OLD_FORMATS))


class AddModelDialog(QtWidgets.QDialog):  # type: ignore[misc]
    """Closing it does not stop what is under way: the controller goes on with it."""

    def __init__(self, controller: KritaController, parent: Any = None) -> None:
        super().__init__(parent)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self._controller = controller
        say = controller.say
        self.setWindowTitle(say("Foveate: add a model"))
        self.what = QtWidgets.QLineEdit(
            placeholderText=say("File, folder, or org/name on the model hub"),
            toolTip=say("A checkpoint, LoRA, embedding, VAE or restorer; what it is is told by its weights"),
            accessibleName=say("Model"),
        )
        self._pickle = QtWidgets.QCheckBox(
            say("Read this older format"),
            toolTip=say("Weights alone are read, and kept as safetensors; no code in the file is run"),
        )
        file = button(say("File…"), say("Choose a file"), self._choose_file)
        folder = button(say("Folder…"), say("Choose a folder, as diffusers writes it"), self._choose_folder)
        self.add = button(say("Add"), say("Add it to the models of this machine"), self._add, "strong")
        self.add.setDefault(True)  # else Return would press the first button, which asks for a file
        self.stop = button(say("Cancel"), say("Stop; what was fetched is used next time"), controller.adder.stop)
        self._copy = button(
            say("Copy command"), say("Copy the command that does the same in a terminal"), self._copy_command
        )
        self._bar = QtWidgets.QProgressBar(maximum=0, textVisible=False)
        self._said, self._why = label(name="notes"), label(name="hint")
        tell(self._why, say(add_model_program.why_not(controller.settings)))
        close = button(say("Close"), say("Close this window; what is under way goes on"), self.close)
        column(
            self,
            label(say(checkpoint_advice.INTRODUCTION)),
            _advice(controller),
            *(label(say(step), "hint") for step in checkpoint_advice.STEPS),
            row(self.what, file, folder),
            self._pickle,
            self._why,
            self._bar,
            self._said,
            None,
            row(self._copy, None, self.stop, self.add, close),
            margin=12,
            spacing=8,
        )
        self.resize(620, 480)
        self.what.textChanged.connect(self.refresh)
        self._pickle.toggled.connect(self.refresh)
        controller.signals.changed.connect(self.refresh)
        tab_as_drawn(self)
        self.refresh()

    def refresh(self) -> None:
        """Show where it stands."""
        running, named = self._controller.adder.is_running, self.what.text().strip()
        old = add_model_program.is_old_format(named)
        self._pickle.setVisible(old)
        can = bool(named) and not self._why.text() and not running
        self.add.setEnabled(can and (not old or self._pickle.isChecked()))
        self.stop.setVisible(running)
        self._bar.setVisible(running)
        tell(self._said, self._controller.adder.text(self._controller.say))

    def _add(self) -> None:
        self._try(lambda: self._controller.add_model(self.what.text(), allow_pickle=self._pickle.isChecked()))

    def _copy_command(self) -> None:
        self._try(lambda: copy_text(add_model_program.command_to_copy(self._controller.settings, self.what.text())))

    def _try(self, act: Callable[[], object]) -> None:
        """Do something, or say why it cannot be done."""
        try:
            act()
        except errors.FoveateError as error:
            tell(self._said, self._controller.say.sentence(str(error)))

    def _choose_file(self) -> None:
        say = self._controller.say
        name, _ = QtWidgets.QFileDialog.getOpenFileName(
            self, say("Choose a file"), "", f"{say('Models')} ({_FILTER});;{say('All files')} (*)"
        )
        if name:
            self.what.setText(name)

    def _choose_folder(self) -> None:
        name = QtWidgets.QFileDialog.getExistingDirectory(self, self._controller.say("Choose a folder"))
        if name:
            self.what.setText(name)


def _advice(controller: KritaController) -> Any:
    """Return what to get for which graphics card, as a table."""
    say, made = controller.say, QtWidgets.QFrame(objectName="card")
    grid = QtWidgets.QGridLayout(made)
    grid.setVerticalSpacing(4)
    grid.setColumnStretch(1, 1)
    for line, entry in enumerate(checkpoint_advice.ADVICE):
        heading = label(entry.heading(say), "title", wraps=False)
        grid.addWidget(heading, line, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(label(checkpoint_advice.advice_text(entry, say)), line, 1)
    return made
