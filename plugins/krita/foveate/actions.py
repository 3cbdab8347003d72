"""The entries of Tools > Scripts that start a job: each with its parameters as last used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ._shared import offered_operations, protocol
from .controller import KritaController
from .qt import QtCore


@dataclass(frozen=True)
class MenuEntry:
    """One of them. Texts are English: translate them."""

    text: str  # empty where there is a title
    operation: str
    needs: str = ""  # a parameter without which there is nothing to start
    without: str = ""  # a parameter that makes another entry of the operation
    needs_checkpoint: bool = False
    title: str = ""  # of the operation, where it is the server's own

    def wish(self, used: protocol.JsonObject) -> protocol.JsonObject | None:
        """Return a job's parameters, of those last `used`; None where the docker has to be asked first."""
        if self.needs and not used.get(self.needs):
            return None
        return {name: value for name, value in used.items() if name != self.without}


ENTRIES: Mapping[str, MenuEntry] = {  # by the name of Krita's action
    "foveate_refocus": MenuEntry("Foveate: refocus selection", "refocus"),
    "foveate_faces": MenuEntry("Foveate: refocus faces", "faces"),
    "foveate_upscale": MenuEntry("Foveate: upscale", "upscale"),
    "foveate_fill": MenuEntry("Foveate: fill selection", "fill", without="extend", needs_checkpoint=True),
    "foveate_extend": MenuEntry("Foveate: extend canvas", "fill", needs="extend", needs_checkpoint=True),
    "foveate_compare": MenuEntry("Foveate: compare", "compare", needs="variants", needs_checkpoint=True),
}


def entries_of(operations: Sequence[protocol.OperationInfo]) -> dict[str, MenuEntry]:
    """Return the entries of a server's further operations, such as those of other packages, likewise by name."""
    ours = {entry.operation for entry in ENTRIES.values()}
    return {
        f"foveate_operation_{each.name}": MenuEntry("", each.name, title=each.title)
        for each in operations
        if each.name not in ours and each.name not in offered_operations.WITHIN_OTHERS
    }


class ShownWhileOffered(QtCore.QObject):  # type: ignore[misc]
    """Shows an action only while the server can do its work. Keep it; it ends with the action."""

    def __init__(self, controller: KritaController, action: Any, operation: str) -> None:
        super().__init__(action)
        self._controller, self._action, self._operation = controller, action, operation
        controller.signals.changed.connect(self._look)
        self._look()

    def _look(self) -> None:
        self._action.setVisible(self._operation in self._controller.offered)
