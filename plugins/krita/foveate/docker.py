"""The docker: Krita makes one for each of its windows, and all of them show the same controller."""

from __future__ import annotations

from typing import Any

from krita import DockWidget

from .controller import KritaController
from .panel import Panel
from .widgets import remove


class FoveateDocker(DockWidget):  # type: ignore[misc]
    """Holds the panel."""

    def __init__(self, controller: KritaController) -> None:
        super().__init__()
        self.setWindowTitle("Foveate")
        self._controller = controller
        self._fill()
        controller.signals.restyled.connect(self._fill)

    @property
    def panel(self) -> Panel:
        """Return what is inside."""
        return self.widget()

    def canvasChanged(self, _canvas: Any) -> None:  # noqa: N802 - Krita's name
        """Look at the document that is active now."""
        self._controller.look()

    def _fill(self) -> None:
        before = self.widget()
        self.setWidget(Panel(self._controller))
        if before is not None:
            remove(before)
