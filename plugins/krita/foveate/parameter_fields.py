"""Fields for any parameter that a form lists: what they look like follows from its schema."""

from __future__ import annotations

from typing import Any

from ._shared import form, translations
from .qt import Qt, QtWidgets, Signal
from .widgets import name_label, row

_SIDE_BY_SIDE = 4  # choices that are shown as buttons; more are a drop-down list
_FREE = 1_000_000  # stands for a limit where the schema names none


class Field(QtWidgets.QWidget):  # type: ignore[misc]
    """A name, and what sets the value of a parameter."""

    changed = Signal()
    value: Any  # what is set; None where that says nothing
    takes_all = False  # of the image, whatever is selected

    @property
    def decided(self) -> frozenset[str]:
        """Return the parameters about which the form's other fields have nothing to say now."""
        return frozenset()

    @property
    def replaced(self) -> frozenset[str]:
        """Return those of them that are not shown either."""
        return frozenset()

    def missing(self) -> str:
        """Return why nothing can be started yet; empty where it can."""
        return ""

    def offer(self, shown: form.Form) -> None:
        """Follow what the server knows of the operation and its model."""

    def ask(self) -> None:
        """Let the person say it."""
        self.setFocus()

    def _explain(self, parameter: form.Parameter, say: translations.Texts, *boxes: Any) -> None:
        """Lay boxes out beside the parameter's name, and let them tell what they are."""
        title, tip = say(parameter.title), say(parameter.description) or say(parameter.title)
        for widget in (self, *boxes):
            widget.setToolTip(tip)
        for box in boxes:
            box.setAccessibleName(title)
        self.setLayout(row(name_label(title, boxes[-1]), *boxes))
        self.layout().setStretch(1, 1)


class Share(Field):
    """A value between nothing and all, as a slider and as percent to type."""

    def __init__(self, parameter: form.Parameter, say: translations.Texts) -> None:
        super().__init__()
        limits = [round(100 * limit) for limit in (parameter.minimum or 0, parameter.maximum or 1)]
        self._slider = QtWidgets.QSlider(Qt.Orientation.Horizontal)
        self._slider.setRange(*limits)
        self._slider.setPageStep(10)
        self._box = QtWidgets.QSpinBox()
        self._box.setRange(*limits)
        self._box.setSuffix(" %")
        self._slider.valueChanged.connect(self._box.setValue)
        self._box.valueChanged.connect(self._slider.setValue)
        self._box.valueChanged.connect(lambda _: self.changed.emit())
        self._explain(parameter, say, self._slider, self._box)

    @property
    def value(self) -> float:
        """Return the share."""
        return float(self._box.value()) / 100

    @value.setter
    def value(self, share: Any) -> None:
        self._box.setValue(round(100 * float(share or 0)))


class Number(Field):
    """A whole or fractional number; where nobody knows its default, it may be left open."""

    def __init__(self, parameter: form.Parameter, say: translations.Texts) -> None:
        super().__init__()
        self._is_whole = parameter.type == "integer"
        self._is_open = parameter.default is None
        self._box = QtWidgets.QDoubleSpinBox()
        low = -_FREE if parameter.minimum is None else parameter.minimum
        high = _FREE if parameter.maximum is None else parameter.maximum
        step = 1.0 if self._is_whole else 0.05 if high <= 1 else 0.5
        self._box.setDecimals(0 if self._is_whole else 2)
        self._box.setSingleStep(step)
        self._box.setRange(low - step if self._is_open else low, high)
        if self._is_open:
            self._box.setSpecialValueText(say("Automatic"))
        self._box.valueChanged.connect(lambda _: self.changed.emit())
        self._explain(parameter, say, self._box)

    @property
    def value(self) -> Any:
        """Return the number; None where it is left open."""
        if self._is_open and self._box.value() == self._box.minimum():
            return None
        return round(self._box.value()) if self._is_whole else self._box.value()

    @value.setter
    def value(self, wanted: Any) -> None:
        self._box.setValue(self._box.minimum() if wanted is None else float(wanted))


class Steps(Field):
    """One of a few values, as buttons side by side."""

    def __init__(self, parameter: form.Parameter, say: translations.Texts) -> None:
        super().__init__()
        self._group = QtWidgets.QButtonGroup(self)
        self._values = [choice.value for choice in parameter.choices]
        buttons = [segment(say(choice.title), "") for choice in parameter.choices]
        self._explain(parameter, say, *buttons)
        for index, made in enumerate(buttons):
            made.clicked.connect(lambda _=False: self.changed.emit())
            made.setAccessibleName(f"{say(parameter.title)}: {made.text()}")
            self._group.addButton(made, index)
        self.layout().setSpacing(0)
        for index in range(1, self.layout().count()):
            self.layout().setStretch(index, 1)
        self.value = self._values[0]

    @property
    def value(self) -> Any:
        """Return the chosen value."""
        return self._values[self._group.checkedId()]

    @value.setter
    def value(self, wanted: Any) -> None:
        index = self._values.index(wanted) if wanted in self._values else 0
        self._group.button(index).setChecked(True)


class DropDown(Field):
    """One of some values, in a drop-down list."""

    def __init__(self, parameter: form.Parameter, say: translations.Texts) -> None:
        super().__init__()
        self._box = QtWidgets.QComboBox()
        policy = QtWidgets.QSizePolicy.Policy
        self._box.setSizePolicy(policy.Ignored, policy.Fixed)
        for choice in parameter.choices:
            self._box.addItem(say(choice.title), choice.value)
        self._box.activated.connect(lambda _: self.changed.emit())
        self._explain(parameter, say, self._box)

    @property
    def value(self) -> Any:
        """Return the chosen value."""
        return self._box.currentData()

    @value.setter
    def value(self, wanted: Any) -> None:
        self._box.setCurrentIndex(max(0, self._box.findData(wanted)))


class Tick(Field):
    """Yes or no."""

    def __init__(self, parameter: form.Parameter, say: translations.Texts) -> None:
        super().__init__()
        self._box = QtWidgets.QCheckBox()
        self._box.toggled.connect(lambda _: self.changed.emit())
        self._explain(parameter, say, self._box)

    @property
    def value(self) -> Any:
        """Return whether it is ticked."""
        return self._box.isChecked()

    @value.setter
    def value(self, wanted: Any) -> None:
        self._box.setChecked(bool(wanted))


class Line(Field):
    """A short text."""

    def __init__(self, parameter: form.Parameter, say: translations.Texts) -> None:
        super().__init__()
        self.edit = QtWidgets.QLineEdit()
        self.edit.textChanged.connect(lambda _: self.changed.emit())
        self._explain(parameter, say, self.edit)

    @property
    def value(self) -> Any:
        """Return the text."""
        return str(self.edit.text())

    @value.setter
    def value(self, wanted: Any) -> None:
        self.edit.setText(str(wanted or ""))


def plain_field(parameter: form.Parameter, say: translations.Texts) -> Field | None:
    """Return the field that fits a parameter's schema; None where none does, and where there is nothing to choose."""
    if parameter.choices:
        if len(parameter.choices) == 1:
            return None
        return (Steps if len(parameter.choices) <= _SIDE_BY_SIDE and parameter.is_closed else DropDown)(parameter, say)
    if parameter.is_share and parameter.default is not None:
        return Share(parameter, say)
    kinds = {"number": Number, "integer": Number, "boolean": Tick, "string": Line}
    kind = kinds.get(parameter.type)
    return kind(parameter, say) if kind is not None and not parameter.names_a_choice else None


def segment(text: str, tip: str) -> Any:
    """Return one of some buttons that stand side by side, of which one is pressed."""
    made = QtWidgets.QToolButton()
    made.setObjectName("segment")
    made.setText(text)
    made.setToolTip(tip)
    made.setCheckable(True)
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    policy = QtWidgets.QSizePolicy.Policy
    made.setSizePolicy(policy.Expanding, policy.Fixed)
    return made
