"""The faces that were found, as thumbnails with ticks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import style
from ._shared import faces, protocol
from .controller import KritaController
from .parameter_fields import ParameterField
from .qt import Qt, QtCore, QtGui, QtWidgets
from .widgets import button, column, label, row

_SIDE = 60  # logical pixels of a thumbnail


class FacesField(ParameterField):
    """Finds faces, and lets some of them be chosen. Space ticks, arrows move."""

    def __init__(self, controller: KritaController, said: Callable[[], protocol.JsonObject]) -> None:
        """`said` returns what the form says: some of it is about finding faces, too."""
        super().__init__()
        self._controller = controller
        self._said = said
        self._shown: tuple[Any, ...] = ()
        say = controller.say
        self._find = button(
            say("Find faces"), say("List the faces of the selection, or of all of the image, to choose from"), self.find
        )
        self._state = label(name="hint")
        self._list = QtWidgets.QListWidget(objectName="faces", accessibleName=say("Faces found"), spacing=4)
        self._list.setViewMode(QtWidgets.QListView.ViewMode.IconMode)
        self._list.setResizeMode(QtWidgets.QListView.ResizeMode.Adjust)
        self._list.setMovement(QtWidgets.QListView.Movement.Static)
        self._list.setIconSize(QtCore.QSize(_SIDE, _SIDE))
        self._list.itemChanged.connect(lambda _: self.changed.emit())
        column(self, row(self._find, self._state, wide=1), self._list)
        controller.signals.faces_changed.connect(self.refresh)
        controller.signals.context_changed.connect(self.refresh)
        self.refresh()

    @property
    def value(self) -> Any:
        """Return the numbers of the ticked faces; None where there is nothing to choose from."""
        items = [self._list.item(index) for index in range(self._list.count())]
        ticked = [
            face.number
            for item, face in zip(items, self._shown, strict=False)  # not all are listed while they are being added
            if item.checkState() == Qt.CheckState.Checked
        ]
        return ticked if self.is_listing else None

    @value.setter
    def value(self, _wanted: Any) -> None:
        """Tick nothing: which faces were chosen last says nothing about those of now."""

    def missing(self) -> str:
        """See FormField."""
        return self._controller.say("Tick a face first.") if self.value == [] else ""

    @property
    def is_listing(self) -> bool:
        """Tell whether there is anything to choose from."""
        return bool(self._shown)

    def find(self) -> None:
        """Look for faces in the active image."""
        finding = self._controller.form(faces.SURVEY)
        with self._controller.acting_in(self):
            self._controller.find_faces(finding.parameters_of(self._said()) if finding else {})

    def refresh(self) -> None:
        """Show the faces that were found."""
        found = self._controller.faces
        self._state.setText(faces.sentence(found, self._controller.survey, self._controller.say))
        if found is not self._shown:
            self._shown = found
            self._list.clear()
            for face in found:
                self._list.addItem(self._item(face))
            self.changed.emit()  # what the button says was about those before
        self._list.setVisible(bool(found))
        if found:
            rows = 1 if len(found) <= max(1, self.width() // (_SIDE + 30)) else 2
            self._list.setFixedHeight(rows * (_SIDE + 34) + 8)

    def _item(self, face: Any) -> Any:
        icon = QtGui.QIcon(style.square(face.picture, _SIDE, self.devicePixelRatioF()))
        item = QtWidgets.QListWidgetItem(icon, str(face.number))
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
        item.setCheckState(Qt.CheckState.Checked)
        item.setToolTip(face.tip(self._controller.say))
        return item
