"""Models to add to a checkpoint: LoRAs, each with its weight, or embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ._shared import checkpoint_choices, operation_form, translations
from .form_boxes import TitledTick, past_wheel
from .parameter_fields import ParameterField
from .qt import QtWidgets
from .widgets import column, label, row, scrolling

_SEVERAL = 4  # additions that are listed without scrolling


class Additions(ParameterField):
    """A tick for each, and its weight where the schema has one."""

    def __init__(self, parameter: operation_form.Parameter, models: Sequence[Any], say: translations.Texts) -> None:
        super().__init__()
        self._weight = parameter.part("weight")
        self._ticks: dict[str, Any] = {}
        self._weights: dict[str, Any] = {}
        listed = QtWidgets.QWidget()
        column(listed, *(self._line(model, say) for model in models), spacing=2)
        if len(models) > _SEVERAL:
            listed = scrolling(QtWidgets.QScrollArea(), listed)
            listed.setFixedHeight(_SEVERAL * 26)
        heading = label(say(parameter.title), "name", wraps=False)
        heading.setToolTip(say(parameter.description))
        column(self, heading, listed, spacing=2)

    @property
    def value(self) -> Any:
        """Return what the parameter holds: names, or names with weights."""
        names = [name for name, tick in self._ticks.items() if tick.isChecked()]
        if self._weight is None:
            return names
        return checkpoint_choices.with_loras([(name, self._weights[name].value()) for name in names])

    @value.setter
    def value(self, wanted: Any) -> None:
        chosen = checkpoint_choices.weights_of(wanted)
        for name, tick in self._ticks.items():
            tick.setChecked(name in chosen)
            if name in self._weights and chosen.get(name) is not None:
                self._weights[name].setValue(chosen[name])

    def _line(self, model: Any, say: translations.Texts) -> Any:
        words = ", ".join(checkpoint_choices.trigger_words(model))
        tip = say("Its words in a prompt: {words}", words=words) if words else say("It asks for no words in a prompt")
        tick = TitledTick(model.title, tip)
        tick.toggled.connect(lambda _: self.changed.emit())
        self._ticks[model.name] = tick
        if self._weight is None:
            return row(tick, None)
        weight = QtWidgets.QDoubleSpinBox(
            toolTip=say("How much of it is added; 1 is all"),
            accessibleName=say("Weight of {title}", title=model.title),
            minimum=self._weight.minimum or 0,
            maximum=1 if self._weight.maximum is None else self._weight.maximum,
            singleStep=0.1,
            value=checkpoint_choices.usual_weight(model),
            enabled=False,
            valueChanged=lambda _: self.changed.emit(),
        )
        tick.toggled.connect(weight.setEnabled)
        self._weights[model.name] = past_wheel(weight)
        return row(tick, None, weight)
