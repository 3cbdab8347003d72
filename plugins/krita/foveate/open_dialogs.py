"""The one place that opens our dialogs, and keeps them.

Their parent is a window of Krita's. Python knows such a window only for a moment, and what belongs to it no longer: a
dialog that nobody keeps is soon one of Qt alone, without our slots, and pressing its buttons ends Krita.
"""

from __future__ import annotations

from typing import Any

from .qt import Qt


class OpenDialogs:
    """Keeps each dialog as long as it is there. It is deleted once it is closed."""

    def __init__(self) -> None:
        self._kept: list[Any] = []

    def show(self, dialog: Any) -> Any:
        """Show a dialog, and return it."""
        self._kept.append(dialog)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.destroyed.connect(lambda *_: self._kept.remove(dialog))  # with its window, too
        dialog.show()
        return dialog
