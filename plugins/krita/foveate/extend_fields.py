"""By how many pixels the canvas grows on each side."""

from __future__ import annotations

from typing import Any

from ._shared import protocol, translations
from .qt import QtWidgets, Signal
from .widgets import name_label

_SIDES = (("left", "Left"), ("right", "Right"), ("top", "Top"), ("bottom", "Bottom"))
_LARGEST = 16384  # pixels


class ExtendFields(QtWidgets.QWidget):  # type: ignore[misc]
    """Four numbers of pixels."""

    changed = Signal()

    def __init__(self, say: translations.Texts) -> None:
        super().__init__()
        self._boxes: dict[str, Any] = {}
        grid = QtWidgets.QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(6)
        for index, (side, title) in enumerate(_SIDES):
            box = QtWidgets.QSpinBox()
            box.setRange(0, _LARGEST)
            box.setSingleStep(64)
            box.setSuffix(" px")
            box.setToolTip(say("By how many pixels the image grows on this side"))
            box.setAccessibleName(say(title))
            box.valueChanged.connect(lambda _: self.changed.emit())
            name = name_label(say(title), box) if index % 2 == 0 else QtWidgets.QLabel(say(title))
            grid.addWidget(name, index // 2, 2 * (index % 2))
            grid.addWidget(box, index // 2, 2 * (index % 2) + 1)
            grid.setColumnStretch(2 * (index % 2) + 1, 1)
            self._boxes[side] = box

    @property
    def value(self) -> protocol.JsonObject:
        """Return the sides that grow, in pixels."""
        return {side: box.value() for side, box in self._boxes.items() if box.value()}

    @value.setter
    def value(self, sides: Any) -> None:
        known = sides if isinstance(sides, dict) else {}
        for side, box in self._boxes.items():
            box.setValue(int(known.get(side, 0)))
