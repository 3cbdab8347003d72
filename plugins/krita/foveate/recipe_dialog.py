"""The recipe of a result: to read, to copy and to save."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

from ._shared import protocol, translations
from .qt import QtGui, QtWidgets
from .widgets import button, column, copy_text, label, row


class RecipeDialog(QtWidgets.QDialog):  # type: ignore[misc]
    """Shows a recipe as JSON."""

    def __init__(self, say: translations.Texts, title: str, recipe: protocol.JsonObject, parent: Any = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(say("Recipe: {title}", title=title))
        self._say = say
        self._text = json.dumps(recipe, indent=2, ensure_ascii=False)
        self._copy = partial(copy_text, self._text)
        view = QtWidgets.QPlainTextEdit(self._text, readOnly=True)
        view.setFont(QtGui.QFontDatabase.systemFont(QtGui.QFontDatabase.SystemFont.FixedFont))
        self._problem = label()
        about = label(say("The same recipe makes the same result again. It holds no pixels, no paths and no token."))
        copy = button(say("Copy"), say("Copy the recipe"), self._copy)
        save = button(say("Save…"), say("Save the recipe as a file"), self._ask_where)
        buttons = row(copy, save, None, button(say("Close"), "", self.close))
        column(self, about, view, self._problem, buttons, margin=12, spacing=8)
        self.resize(520, 460)

    def save(self, path: Path) -> None:
        """Write the recipe; where that is impossible, say so."""
        try:
            path.write_text(self._text + "\n", encoding="utf-8")
        except OSError as error:
            self._problem.setText(
                self._say("{path} cannot be written: {reason}", path=path, reason=error.strerror or error)
            )

    def _ask_where(self) -> None:
        name, _ = QtWidgets.QFileDialog.getSaveFileName(self, self._say("Save…"), "recipe.json", "JSON (*.json)")
        if name:
            self.save(Path(name))
