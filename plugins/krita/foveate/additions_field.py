"""Models to add to a checkpoint: LoRAs, each with its weight, or embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ._shared import checkpoint_choices, form, translations
from .parameter_fields import Field
from .qt import Qt, QtWidgets
from .widgets import column, label, row

_SEVERAL = 4  # additions that are listed without scrolling


class Additions(Field):
    """A tick for each, and its weight where the schema has one."""

    def __init__(self, parameter: form.Parameter, models: Sequence[Any], say: translations.Texts) -> None:
        super().__init__()
        self._weight = parameter.part("weight")
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

    @property
    def value(self) -> Any:
        """Return what the parameter holds: names, or names with weights."""
        names = [name for name, tick in self._ticks.items() if tick.isChecked()]
        if self._weight is None:
            return names
        return checkpoint_choices.with_loras([(name, self._weights[name].value()) for name in names])

    @value.setter
    def value(self, wanted: Any) -> None:
        entries = [entry if isinstance(entry, dict) else {"name": entry} for entry in wanted or ()]
        chosen = {entry.get("name"): entry.get("weight") for entry in entries}
        for name, tick in self._ticks.items():
            tick.setChecked(name in chosen)
            weight = chosen.get(name)
            if name in self._weights and weight is not None:
                self._weights[name].setValue(float(weight))

    def _line(self, model: Any, say: translations.Texts) -> Any:
        words = ", ".join(checkpoint_choices.trigger_words(model))
        tip = say("Its words in a prompt: {words}", words=words) if words else say("It asks for no words in a prompt")
        tick = QtWidgets.QCheckBox(model.title)
        tick.setToolTip(tip)
        tick.toggled.connect(lambda _: self.changed.emit())
        self._ticks[model.name] = tick
        if self._weight is None:
            return row(tick, None)
        weight = QtWidgets.QDoubleSpinBox()
        weight.setRange(self._weight.minimum or 0, 1 if self._weight.maximum is None else self._weight.maximum)
        weight.setSingleStep(0.1)
        weight.setValue(checkpoint_choices.usual_weight(model))
        weight.setToolTip(say("How much of it is added; 1 is all"))
        weight.setAccessibleName(say("Weight of {title}", title=model.title))
        weight.setEnabled(False)
        tick.toggled.connect(weight.setEnabled)
        weight.valueChanged.connect(lambda _: self.changed.emit())
        self._weights[model.name] = weight
        return row(tick, None, weight)


def _scrolling(inside: Any) -> Any:
    area = QtWidgets.QScrollArea()
    area.setWidget(inside)
    area.setWidgetResizable(True)
    area.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFixedHeight(_SEVERAL * 26)
    return area
