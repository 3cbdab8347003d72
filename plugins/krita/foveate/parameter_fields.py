"""Fields for any parameter that a form lists: what they look like follows from its schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ._shared import field_kinds, filled_form, operation_form, translations
from .form_boxes import DropDown, past_wheel
from .qt import Qt, QtWidgets, Signal
from .widgets import STRONG_FOCUS, fill, holder, name_label, row, show_value
from .wrapping import Wrapping


class ParameterField(QtWidgets.QWidget, filled_form.FormField):  # type: ignore[misc]
    """A name, and what sets the value of a parameter."""

    changed = Signal()

    def ask(self) -> None:
        """Let the person say it."""
        self.setFocus()


class BoxField(ParameterField):
    """A field of a box, or of several side by side, which explain themselves."""

    def __init__(
        self,
        parameter: operation_form.Parameter,
        say: translations.Texts,
        *boxes: Any,
        changed: Any,
        read: Callable[[], Any],
        write: Callable[[Any], object],
        placed: Any = None,
    ) -> None:
        """`changed` is a signal of a box; `read` and `write` are about its value.

        `placed` is a widget that holds the boxes, where these do not just stand side by side.
        """
        super().__init__()
        self._box, self._read, self._write = boxes[-1], read, write
        title, tip = say(parameter.title), say(parameter.description) or say(parameter.title)
        self.setToolTip(tip)
        for box in boxes:
            box.setToolTip(tip)
            box.setAccessibleName(title)
        name = name_label(title, boxes[-1])
        self.setLayout(Wrapping(name, placed, wide=1) if placed is not None else row(name, *boxes, wide=1))
        changed.connect(lambda *_: self.changed.emit())

    @property
    def value(self) -> Any:
        """Return what the box says."""
        return self._read()

    @value.setter
    def value(self, wanted: Any) -> None:
        self._write(wanted)


def _share(parameter: operation_form.Parameter, say: translations.Texts) -> ParameterField:
    """Return a field for a value between nothing and all: a slider, and percent to type."""
    low, high = (round(100 * limit) for limit in (parameter.minimum or 0, parameter.maximum or 1))
    slider = past_wheel(QtWidgets.QSlider(Qt.Orientation.Horizontal, minimum=low, maximum=high, pageStep=10))
    box = past_wheel(QtWidgets.QSpinBox(minimum=low, maximum=high, suffix=" %", valueChanged=slider.setValue))
    slider.valueChanged.connect(box.setValue)
    return BoxField(
        parameter,
        say,
        slider,
        box,
        changed=box.valueChanged,
        read=lambda: float(box.value()) / 100,
        write=lambda share: box.setValue(round(100 * float(share or 0))),
    )


def _number(parameter: operation_form.Parameter, say: translations.Texts) -> ParameterField:
    """Return a field for a whole or fractional number; where nobody knows its default, it may be left open."""
    number = field_kinds.NumberField.of(parameter)
    box = past_wheel(QtWidgets.QDoubleSpinBox(decimals=number.decimals, singleStep=number.step))
    box.setRange(number.low, number.high)
    box.setSpecialValueText(say("Automatic") if number.is_open else "")
    return BoxField(
        parameter,
        say,
        box,
        changed=box.valueChanged,
        read=lambda: number.read(box.value()),
        write=lambda wanted: box.setValue(number.shown(wanted)),
    )


class Steps(BoxField):
    """One of a few values, as buttons side by side."""

    def __init__(self, parameter: operation_form.Parameter, say: translations.Texts) -> None:
        values = [choice.value for choice in parameter.choices]
        self._group = group = QtWidgets.QButtonGroup()
        buttons = [segment(say(choice.title), "") for choice in parameter.choices]
        placed = holder(Wrapping(*buttons, spacing=0, across=len(buttons)))
        for index, made in enumerate(buttons):
            group.addButton(made, index)
        super().__init__(
            parameter,
            say,
            *buttons,
            changed=group.buttonClicked,
            read=lambda: values[group.checkedId()],
            write=lambda wanted: group.button(values.index(wanted) if wanted in values else 0).setChecked(True),
            placed=placed,
        )
        for made in buttons:
            made.setAccessibleName(f"{say(parameter.title)}: {made.text()}")
        self.value = values[0]


def _drop_down(parameter: operation_form.Parameter, say: translations.Texts) -> ParameterField:
    """Return a field for one of some values, in a drop-down list."""
    box = DropDown()
    fill(box, [(say(choice.title), choice.value, "") for choice in parameter.choices])
    return BoxField(parameter, say, box, changed=box.activated, read=box.currentData, write=partial(show_value, box))


def _tick(parameter: operation_form.Parameter, say: translations.Texts) -> ParameterField:
    """Return a field for yes or no."""
    box = QtWidgets.QCheckBox()
    return BoxField(
        parameter, say, box, changed=box.toggled, read=box.isChecked, write=lambda wanted: box.setChecked(bool(wanted))
    )


class Line(BoxField):
    """A short text."""

    def __init__(self, parameter: operation_form.Parameter, say: translations.Texts) -> None:
        self.edit = edit = QtWidgets.QLineEdit()
        super().__init__(
            parameter,
            say,
            edit,
            changed=edit.textChanged,
            read=lambda: str(edit.text()),
            write=lambda wanted: edit.setText(str(wanted or "")),
        )


_KINDS: Mapping[field_kinds.FieldKind | None, Callable[..., ParameterField]] = {
    field_kinds.FieldKind.BUTTONS: Steps,
    field_kinds.FieldKind.LIST: _drop_down,
    field_kinds.FieldKind.SHARE: _share,
    field_kinds.FieldKind.NUMBER: _number,
    field_kinds.FieldKind.SWITCH: _tick,
    field_kinds.FieldKind.TEXT: Line,
}


def plain_field(parameter: operation_form.Parameter, say: translations.Texts) -> ParameterField | None:
    """Return the field that fits a parameter's schema; None where none does, and where there is nothing to choose."""
    made = _KINDS.get(field_kinds.kind_of(parameter))
    return made(parameter, say) if made else None


def segment(text: str, tip: str) -> Any:
    """Return one of some buttons that stand side by side, of which one is pressed."""
    made = QtWidgets.QToolButton(objectName="segment", text=text, toolTip=tip, checkable=True, focusPolicy=STRONG_FOCUS)
    made.setSizePolicy(QtWidgets.QSizePolicy.Policy.Expanding, QtWidgets.QSizePolicy.Policy.Fixed)
    return made
