"""Widgets for any parameter that a form lists: a number, a choice, a tick, or models to add with their weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ._shared import checkpoint_choices, form, translations
from .qt import Qt, QtWidgets, Signal
from .widgets import column, label, name_label, row

_SEVERAL = 4  # additions that are listed without scrolling


class Number(QtWidgets.QWidget):  # type: ignore[misc]
    """A whole or fractional number; where nobody knows its default, it may be left open."""

    changed = Signal()

    def __init__(self, parameter: form.Parameter, say: translations.Texts) -> None:
        super().__init__()
        self._is_whole = parameter.type == "integer"
        self._is_open = parameter.default is None
        self._box = QtWidgets.QDoubleSpinBox()
        low, high = parameter.minimum or 0, 1e6 if parameter.maximum is None else parameter.maximum
        step = 1.0 if self._is_whole else 0.05 if high <= 1 else 0.5
        self._box.setDecimals(0 if self._is_whole else 2)
        self._box.setSingleStep(step)
        self._box.setRange(low - step if self._is_open else low, high)
        if self._is_open:
            self._box.setSpecialValueText(say("Automatic"))
        self._box.valueChanged.connect(lambda _: self.changed.emit())
        _explain(self, self._box, parameter, say)
        self.value = parameter.default

    @property
    def value(self) -> Any:
        """Return the number; None where it is left open."""
        if self._is_open and self._box.value() == self._box.minimum():
            return None
        return round(self._box.value()) if self._is_whole else self._box.value()

    @value.setter
    def value(self, wanted: Any) -> None:
        self._box.setValue(self._box.minimum() if wanted is None else float(wanted))


class DropDown(QtWidgets.QWidget):  # type: ignore[misc]
    """One of some values, in a drop-down list."""

    changed = Signal()

    def __init__(self, parameter: form.Parameter, say: translations.Texts) -> None:
        super().__init__()
        self._box = QtWidgets.QComboBox()
        policy = QtWidgets.QSizePolicy.Policy
        self._box.setSizePolicy(policy.Ignored, policy.Fixed)
        for choice in parameter.choices:
            self._box.addItem(say(choice.title), choice.value)
        self._box.activated.connect(lambda _: self.changed.emit())
        _explain(self, self._box, parameter, say)
        self.value = parameter.default

    @property
    def value(self) -> Any:
        """Return the chosen value."""
        return self._box.currentData()

    @value.setter
    def value(self, wanted: Any) -> None:
        self._box.setCurrentIndex(max(0, self._box.findData(wanted)))


class Tick(QtWidgets.QWidget):  # type: ignore[misc]
    """Yes or no."""

    changed = Signal()

    def __init__(self, parameter: form.Parameter, say: translations.Texts) -> None:
        super().__init__()
        self._box = QtWidgets.QCheckBox()
        self._box.toggled.connect(lambda _: self.changed.emit())
        _explain(self, self._box, parameter, say)
        self.value = parameter.default

    @property
    def value(self) -> Any:
        """Return whether it is ticked."""
        return self._box.isChecked()

    @value.setter
    def value(self, wanted: Any) -> None:
        self._box.setChecked(bool(wanted))


class Additions(QtWidgets.QWidget):  # type: ignore[misc]
    """Models to tick: LoRAs, each with its weight, or embeddings."""

    changed = Signal()

    def __init__(self, parameter: form.Parameter, models: Sequence[Any], say: translations.Texts) -> None:
        super().__init__()
        self._are_weighted = parameter.name == "loras"
        self._ticks: dict[str, Any] = {}
        self._weights: dict[str, Any] = {}
        inside = QtWidgets.QWidget()
        lines = column(inside, spacing=2)
        for model in models:
            lines.addLayout(self._line(model, say))
        heading = label(say(parameter.title), "name", wraps=False)
        heading.setToolTip(say(parameter.description))
        layout = column(self, spacing=2)
        layout.addWidget(heading)
        layout.addWidget(_scrolling(inside) if len(models) > _SEVERAL else inside)
        self.value = parameter.default

    @property
    def value(self) -> Any:
        """Return what the parameter holds: names, or names with weights."""
        names = [name for name, tick in self._ticks.items() if tick.isChecked()]
        if not self._are_weighted:
            return names
        return checkpoint_choices.with_loras([(name, self._weights[name].value()) for name in names])

    @value.setter
    def value(self, wanted: Any) -> None:
        entries = [entry if isinstance(entry, dict) else {"name": entry} for entry in wanted or ()]
        chosen = {entry.get("name"): entry.get("weight") for entry in entries}
        for name, tick in self._ticks.items():
            tick.setChecked(name in chosen)
            if name in self._weights and chosen.get(name) is not None:
                self._weights[name].setValue(float(chosen[name]))

    def _line(self, model: Any, say: translations.Texts) -> Any:
        words = ", ".join(checkpoint_choices.trigger_words(model))
        tip = say("Its words in a prompt: {words}", words=words) if words else say("It asks for no words in a prompt")
        tick = QtWidgets.QCheckBox(model.title)
        tick.setToolTip(tip)
        tick.toggled.connect(lambda _: self.changed.emit())
        self._ticks[model.name] = tick
        if not self._are_weighted:
            return row(tick, None)
        weight = QtWidgets.QDoubleSpinBox()
        weight.setRange(-4, 4)
        weight.setSingleStep(0.1)
        weight.setValue(checkpoint_choices.usual_weight(model))
        weight.setToolTip(say("How much of it is added; 1 is all"))
        weight.setAccessibleName(say("Weight of {title}", title=model.title))
        weight.setEnabled(False)
        tick.toggled.connect(weight.setEnabled)
        weight.valueChanged.connect(lambda _: self.changed.emit())
        self._weights[model.name] = weight
        return row(tick, None, weight)


def field_for(parameter: form.Parameter, models: Sequence[Any], say: translations.Texts) -> Any:
    """Return the widget for a parameter; None for one that no widget fits, and where there is nothing to choose."""
    if parameter.name in {"loras", "embeddings"}:
        fitting = [model for model in models if model.name in {choice.value for choice in parameter.choices}]
        return Additions(parameter, fitting, say) if fitting else None
    if parameter.choices:
        return DropDown(parameter, say) if len(parameter.choices) > 1 else None
    if parameter.type in {"number", "integer"}:
        return Number(parameter, say)
    return Tick(parameter, say) if parameter.type == "boolean" else None


def _explain(widget: Any, box: Any, parameter: form.Parameter, say: translations.Texts) -> None:
    title, tip = say(parameter.title), say(parameter.description)
    for each in (widget, box):
        each.setToolTip(tip)
    box.setAccessibleName(title)
    widget.setLayout(row(name_label(title, box), box))
    widget.layout().setStretch(1, 1)


def _scrolling(inside: Any) -> Any:
    area = QtWidgets.QScrollArea()
    area.setWidget(inside)
    area.setWidgetResizable(True)
    area.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFixedHeight(_SEVERAL * 26)
    return area
