"""Layers to choose for an operation that takes pictures beside the document: a drop-down list for each."""

from __future__ import annotations

from typing import Any

from ._shared import picture_choosers
from .controller import KritaController
from .form_boxes import DropDown
from .qt import QtWidgets, Signal
from .widgets import column, fill, holder, name_label, remove, row, show_value


class PictureFields(QtWidgets.QWidget):  # type: ignore[misc]
    """Follows the layers of the active document, and what is chosen."""

    changed = Signal()

    def __init__(self, controller: KritaController) -> None:
        super().__init__()
        self._controller = controller
        self._operation = ""
        self._shown: tuple[picture_choosers.PictureChooser, ...] = ()
        self._is_stale = False  # a list may show what was not taken
        self._rows: list[Any] = []
        self._names: list[Any] = []  # their labels
        self.boxes: list[Any] = []  # in the order in which they are shown
        self._layout = column(self)

    def offer(self, operation: str) -> None:
        """Show the choosers of an operation; none where it takes no pictures."""
        self._operation = operation
        wanted = self._controller.beside.choosers(operation, self._controller.scene(operation))
        self.setVisible(bool(wanted))
        if wanted == self._shown and not self._is_stale:
            return
        self._make_rows(wanted)
        self._shown, self._is_stale = wanted, False
        for box, chooser in zip(self.boxes, wanted, strict=True):
            fill(box, [(option.title, option.key, option.reason) for option in chooser.options])
            for index, option in enumerate(chooser.options):
                box.model().item(index).setEnabled(not option.reason)
            show_value(box, chooser.key)

    def ask(self) -> None:
        """Let the person choose."""
        if self.boxes:
            self.boxes[0].setFocus()

    def _make_rows(self, wanted: tuple[picture_choosers.PictureChooser, ...]) -> None:
        """Make those that are not there yet: the list that was just used stays, and keeps the keyboard."""
        kept = picture_choosers.kept_places(self._shown, wanted)
        for old in self._rows[kept:]:
            remove(old)
        del self._rows[kept:], self.boxes[kept:], self._names[kept:]
        self._names += [name_label(chooser.title, self) for chooser in wanted[kept:]]
        for number in range(kept, len(wanted)):
            name, chooser = self._names[number], wanted[number]
            box = DropDown(toolTip=chooser.tip, accessibleName=chooser.title)
            box.activated.connect(lambda index, number=number: self._choose(number, index))
            name.setBuddy(box)
            self._rows.append(holder(row(name, box, wide=1)))
            self._layout.addWidget(self._rows[-1])
            self.boxes.append(box)
        for name in self._names:  # so that the lists begin in one line
            name.setMinimumWidth(max(each.sizeHint().width() for each in self._names))

    def _choose(self, number: int, index: int) -> None:
        chooser = self._shown[number]
        controller, operation = self._controller, self._operation
        controller.beside.choose(operation, controller.scene(operation), chooser, self.boxes[number].itemData(index))
        self._is_stale = True
        self.changed.emit()
