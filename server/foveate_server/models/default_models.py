"""Which model is taken where a job names none: the user's choice by kind, kept beside the models."""

from __future__ import annotations

import json
from pathlib import Path

from foveate_server.models.cache import storage_errors

_FILE = "defaults.json"


class DefaultModels:
    """The choices on disk, shared by the command line, the server and its worker: each look reads the file anew."""

    def __init__(self, folder: Path) -> None:
        """`folder` is that of the models."""
        self._folder = folder

    def of(self, kind: str) -> str | None:
        """Return the chosen model of `kind`, if there is a choice."""
        return self.all().get(kind)

    def all(self) -> dict[str, str]:
        """Return all choices: the model of each kind."""
        return {kind: name for kind, name in self._read().items() if isinstance(name, str)}

    def set(self, kind: str, name: str) -> None:
        """Choose `name`. Raises ResourceError where the folder cannot be written to."""
        with storage_errors(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            new = self._folder / f"{_FILE}.new"
            new.write_text(json.dumps({**self._read(), kind: name}, indent=2), encoding="utf-8")
            new.replace(self._folder / _FILE)

    def _read(self) -> dict[str, object]:
        try:
            choices = json.loads((self._folder / _FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return choices if isinstance(choices, dict) else {}
