"""Where a fill works: in the selection, or around all of the image, which grows on each side by some pixels."""

from __future__ import annotations

from typing import Any

from ._shared import operation_form, protocol
from .controller import KritaController
from .form_boxes import past_wheel
from .parameter_fields import ParameterField, Steps
from .qt import QtWidgets
from .widgets import column, holder, name_label, row
from .wrapping import Wrapping

_STEP = 64  # pixels
_ACROSS = 2  # sides beside each other
_WHERE = operation_form.Parameter(
    "area",
    "Where",
    "New content in what is selected; or around all of the image, as a new, larger image",
    "boolean",
    choices=(operation_form.Choice(False, "Selection"), operation_form.Choice(True, "Extend canvas")),
)


class ExtendField(ParameterField):
    """The area, and four numbers of pixels."""

    def __init__(self, controller: KritaController, parameter: operation_form.Parameter) -> None:
        super().__init__()
        self._say = say = controller.say
        self._boxes: dict[str, Any] = {}
        self.area = Steps(_WHERE, say)
        sides = Wrapping(across=_ACROSS)
        for side in parameter.parts:
            title = say(side.title)
            box = QtWidgets.QSpinBox(
                toolTip=say("By how many pixels the image grows on this side"),
                accessibleName=title,
                minimum=round(side.minimum or 0),
                maximum=round(side.maximum or 0),
                singleStep=_STEP,
                suffix=" px",
                valueChanged=lambda _: self.changed.emit(),
            )
            sides.addWidget(holder(row(name_label(title, box), past_wheel(box), wide=1)))
            self._boxes[side.name] = box
        self._sides = holder(sides)
        column(self, self.area, self._sides, spacing=8)
        self.area.changed.connect(self._show_area)
        self._sides.hide()

    @property
    def value(self) -> protocol.JsonObject | None:
        """Return the sides that grow, in pixels; None where the selection is meant."""
        return {side: box.value() for side, box in self._boxes.items() if box.value()} if self.takes_all else None

    @value.setter
    def value(self, sides: Any) -> None:
        known = sides if isinstance(sides, dict) else {}
        for side, box in self._boxes.items():
            box.setValue(int(known.get(side, 0)))
        self.area.value = bool(known)
        self._show_area()

    @property
    def takes_all(self) -> bool:  # type: ignore[override]
        """See FormField."""
        return bool(self.area.value)

    @property
    def replaced(self) -> frozenset[str]:
        """See FormField."""
        return frozenset({"start"}) if self.takes_all else frozenset()

    decided = replaced

    def ask(self) -> None:
        """See ParameterField."""
        self.area.value = True
        self._show_area()

    def missing(self) -> str:
        """See FormField."""
        lacks = self.takes_all and not self.value
        return self._say("Say by how many pixels the canvas grows.") if lacks else ""

    def _show_area(self) -> None:
        self._sides.setVisible(self.takes_all)
        self.changed.emit()
