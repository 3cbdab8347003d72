"""Widgets for the parameters of operations: a name, and what sets the value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ._shared import checkpoint_choices
from .controller import Desk
from .qt import Qt, QtWidgets, Signal
from .widgets import name_label, row

_ADD = "\0add"  # no model's name: the entry that adds one


class PercentSlider(QtWidgets.QWidget):  # type: ignore[misc]
    """A value from 0 to 1, as a slider and as percent to type."""

    changed = Signal()

    def __init__(self, title: str, tip: str, value: float) -> None:
        super().__init__()
        self._slider = QtWidgets.QSlider(Qt.Orientation.Horizontal)
        self._slider.setRange(0, 100)
        self._slider.setPageStep(10)
        self._box = QtWidgets.QSpinBox()
        self._box.setRange(0, 100)
        self._box.setSuffix(" %")
        self._slider.valueChanged.connect(self._box.setValue)
        self._box.valueChanged.connect(self._slider.setValue)
        self._box.valueChanged.connect(lambda _: self.changed.emit())
        name = name_label(title, self._box)
        for widget in (self, self._slider, self._box):
            widget.setToolTip(tip)
        for widget in (self._slider, self._box):
            widget.setAccessibleName(title)
        self.setLayout(row(name, self._slider, self._box))
        self.value = value

    @property
    def value(self) -> float:
        """Return the share, 0 to 1."""
        return self._box.value() / 100

    @value.setter
    def value(self, share: Any) -> None:
        self._box.setValue(round(100 * float(share)))


class Steps(QtWidgets.QWidget):  # type: ignore[misc]
    """One of a few values, as buttons side by side."""

    changed = Signal()

    def __init__(self, title: str, tip: str, choices: Sequence[tuple[Any, str]], value: Any) -> None:
        super().__init__()
        self._group = QtWidgets.QButtonGroup(self)
        self._values = [choice for choice, _ in choices]
        buttons = []
        for index, (_, text) in enumerate(choices):
            made = QtWidgets.QToolButton()
            made.setObjectName("segment")
            made.setText(text)
            made.setCheckable(True)
            made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            made.setToolTip(tip)
            made.setAccessibleName(f"{title}: {text}")
            policy = QtWidgets.QSizePolicy.Policy
            made.setSizePolicy(policy.Expanding, policy.Fixed)
            self._group.addButton(made, index)
            made.clicked.connect(lambda _=False: self.changed.emit())
            buttons.append(made)
        self.setToolTip(tip)
        self.setLayout(row(name_label(title, buttons[0]), row(*buttons, spacing=0)))
        self.value = value

    @property
    def value(self) -> Any:
        """Return the chosen value."""
        return self._values[self._group.checkedId()]

    @value.setter
    def value(self, wanted: Any) -> None:
        index = self._values.index(wanted) if wanted in self._values else 0
        self._group.button(index).setChecked(True)


class ModelChoice(QtWidgets.QWidget):  # type: ignore[misc]
    """The models that the server has for an operation; the first entry leaves the choice to it, the last adds one."""

    changed = Signal()
    add_wanted = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._offered: tuple[Any, ...] | None = None
        self.wanted: Any = ""  # by name; kept while the server, and with it the list, is not there
        self._box = QtWidgets.QComboBox()
        self._box.setToolTip(desk.say("The network that does the work; the server knows a good one by itself"))
        self._box.setAccessibleName(desk.say("Model"))
        policy = QtWidgets.QSizePolicy.Policy
        self._box.setSizePolicy(policy.Ignored, policy.Fixed)
        self._box.activated.connect(self._choose)
        self.setLayout(row(name_label(desk.say("Model"), self._box), self._box))
        self.layout().setStretch(1, 1)

    @property
    def value(self) -> str:
        """Return the wanted model's name; empty for the server's own choice."""
        return str(self.wanted or "")

    def offer(self, operation: str) -> None:
        """List the models that an operation can use."""
        models = tuple(self._desk.bench.models_for(operation))
        if models != self._offered:
            self._offered = models
            self._fill(models)
        self._box.setCurrentIndex(max(0, self._box.findData(self.value)))

    def _fill(self, models: Sequence[Any]) -> None:
        say = self._desk.say
        self._box.clear()
        only_checkpoints = bool(models) and all(checkpoint_choices.is_checkpoint(model) for model in models)
        usual = (
            say("{title} (default)", title=models[0].title) if only_checkpoints else say("Best for photos (default)")
        )
        self._box.addItem(usual, "")
        for model in models:
            self._box.addItem(self._title(model), model.name)
            tip = say("{name}, licence: {license}", name=model.name, license=model.license or "?")
            self._box.setItemData(self._box.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self._box.insertSeparator(self._box.count())
        self._box.addItem(say("Add a model…"), _ADD)
        tip = say("A checkpoint for prompts, a LoRA, or a restorer of your own; with help on what to get")
        self._box.setItemData(self._box.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)

    def _title(self, model: Any) -> str:
        return model.title if model.available else self._desk.say("{title} (is fetched first)", title=model.title)

    def _choose(self, index: int) -> None:
        chosen = self._box.itemData(index)
        if chosen == _ADD:
            self._box.setCurrentIndex(max(0, self._box.findData(self.value)))
            self.add_wanted.emit()
            return
        self.wanted = chosen
        self.changed.emit()
