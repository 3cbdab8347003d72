"""Layers to choose for an operation that takes pictures beside the document: a drop-down list for each."""

from __future__ import annotations

from typing import Any

from ._shared import picture_choosers
from .controller import KritaController
from .qt import Qt, QtWidgets, Signal
from .widgets import column, name_label, narrow, remove, row


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
            _fill(box, chooser)

    def ask(self) -> None:
        """Let the person choose."""
        if self.boxes:
            self.boxes[0].setFocus()

    def _make_rows(self, wanted: tuple[picture_choosers.PictureChooser, ...]) -> None:
        """Make those that are not there yet: the list that was just used stays, and keeps the keyboard."""
        same = [_place(new) == _place(old) for new, old in zip(wanted, self._shown, strict=False)]
        kept = same.index(False) if False in same else len(same)
        for old in self._rows[kept:]:
            remove(old)
        del self._rows[kept:], self.boxes[kept:], self._names[kept:]
        self._names += [name_label(chooser.title, self) for chooser in wanted[kept:]]
        for number in range(kept, len(wanted)):
            name, chooser = self._names[number], wanted[number]
            box = narrow(QtWidgets.QComboBox(toolTip=chooser.tip, accessibleName=chooser.title))
            box.activated.connect(lambda index, number=number: self._choose(number, index))
            name.setBuddy(box)
            holder = QtWidgets.QWidget()
            holder.setLayout(row(name, box))
            holder.layout().setStretch(1, 1)
            self._layout.addWidget(holder)
            self._rows.append(holder)
            self.boxes.append(box)
        for name in self._names:  # so that the lists begin in one line
            name.setMinimumWidth(max(each.sizeHint().width() for each in self._names))

    def _choose(self, number: int, index: int) -> None:
        chooser = self._shown[number]
        controller, operation = self._controller, self._operation
        controller.beside.choose(operation, controller.scene(operation), chooser, self.boxes[number].itemData(index))
        self._is_stale = True
        self.changed.emit()


def _place(chooser: picture_choosers.PictureChooser) -> tuple[str, int, str, str]:
    """Return what a row is made of, beside its options."""
    return chooser.slot, chooser.position, chooser.title, chooser.tip


def _fill(box: Any, chooser: picture_choosers.PictureChooser) -> None:
    box.clear()
    for index, option in enumerate(chooser.options):
        box.addItem(option.title, option.key)
        if option.reason:
            box.model().item(index).setEnabled(False)
            box.setItemData(index, option.reason, Qt.ItemDataRole.ToolTipRole)
    box.setCurrentIndex(box.findData(chooser.key))
