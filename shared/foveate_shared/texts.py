"""What clients say, in the person's language. The English text is the key; a catalogue is a JSON object beside us.

    texts = Texts("de_DE")
    texts("Refocus")                      # "Fokussieren"
    texts("{count} faces", count=3)       # "3 Gesichter"

A text without a translation stays English: half a sentence in the wrong language is better than none.
"""

from __future__ import annotations

import json
import locale
import os
from collections.abc import Mapping
from pathlib import Path

_CATALOGUES = Path(__file__).with_name("translations")


class Texts:
    """Translates texts into one language."""

    def __init__(self, language: str = "en") -> None:
        """`language` is a locale's name ("de", "de_DE.UTF-8", "pt-BR"); an unknown one gives English."""
        self.language = language
        self._catalogue = _load(language)

    @property
    def catalogue(self) -> Mapping[str, str]:
        """Return all translations, by the English text: for a host that translates its labels itself."""
        return self._catalogue

    def __call__(self, text: str, /, **values: object) -> str:
        """Return `text` in the language, with {name} replaced by the value of that name."""
        translated = self._catalogue.get(text, text)
        return translated.format(**values) if values else translated


def languages() -> list[str]:
    """Return the languages that there are catalogues for, English apart."""
    return sorted(path.stem for path in _CATALOGUES.glob("*.json"))


def system_language(environ: Mapping[str, str] = os.environ) -> str:
    """Return the language that the person's environment asks for."""
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environ.get(name, "").split(":")[0]:
            return value
    return locale.getlocale()[0] or "en"


def _load(language: str) -> Mapping[str, str]:
    full = language.split(".", maxsplit=1)[0].replace("-", "_")
    for name in (full, full.split("_")[0].lower()):
        path = _CATALOGUES / f"{name}.json"
        if name.isidentifier() and path.is_file():
            catalogue: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
            return catalogue
    return {}
