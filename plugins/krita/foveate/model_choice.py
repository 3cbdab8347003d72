"""The models that the server has for an operation; the first entry leaves the choice to it, the last adds one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ._shared import checkpoint_choices, labels
from .controller import KritaController
from .form_boxes import DropDown
from .qt import QtWidgets, Signal
from .widgets import fill, name_label, row, show_value

_ADD = "\0add"  # no model's name: the entry that adds one


class ModelChoice(QtWidgets.QWidget):  # type: ignore[misc]
    """A drop-down list that keeps the wanted model while the server, and with it the list, is not there."""

    changed = Signal()
    add_wanted = Signal()

    def __init__(self, controller: KritaController) -> None:
        super().__init__()
        self._controller = controller
        self._offered: tuple[Any, ...] | None = None
        self.wanted: Any = ""  # by name
        self._box = DropDown(
            toolTip=controller.say("The network that does the work; the server knows a good one by itself"),
            accessibleName=controller.say("Model"),
            activated=self._choose,
        )
        self.setLayout(row(name_label(controller.say("Model"), self._box), self._box, wide=1))

    @property
    def value(self) -> str:
        """Return the wanted model's name; empty for the server's own choice."""
        return str(self.wanted or "")

    def offer(self, operation: str) -> bool:
        """List the models that an operation can use; return whether there are any."""
        models = checkpoint_choices.models_for(self._controller.models, operation)
        if models != self._offered:
            self._offered = models
            self._fill(models)
        show_value(self._box, self.value)
        return bool(models) or not self._controller.operations

    def _fill(self, models: Sequence[Any]) -> None:
        say = self._controller.say
        tip = say("A checkpoint for prompts, a LoRA, or a restorer of your own; with help on what to get")
        rows = [*labels.model_rows(models, say), (say("Add a model…"), _ADD, tip)]
        fill(self._box, rows)
        self._box.insertSeparator(len(rows) - 1)

    def _choose(self, index: int) -> None:
        chosen = self._box.itemData(index)
        if chosen == _ADD:
            show_value(self._box, self.value)
            self.add_wanted.emit()
            return
        self.wanted = chosen
        self.changed.emit()
