"""What clients say, in the person's language. The English text is the key; a catalogue is a JSON object beside us.

    texts = Texts("de_DE")
    texts("Refocus")                      # "Fokussieren"
    texts("{count} faces", count=3)       # "3 Gesichter"
    texts.sentence(str(error))            # a Sentence, by its key and its values

An entry is a text, or an object of texts by the language's plural forms, of which the value `count` chooses one. A
text without a translation stays English: half a sentence in the wrong language is better than none.
"""

from __future__ import annotations

import json
import locale
import os
import re
from collections.abc import Mapping
from pathlib import Path

from .plural_forms import plural_form
from .sentence import Sentence, filled
from .sentence_matching import Phrase

CATALOGUES = Path(__file__).parent  # a JSON file per language
_SENTENCE_END = re.compile(r"(?<=[.!?]) (?=[A-Z0-9])")
_TEMPLATE_END = re.compile(r"(?<=[.!?]) (?=[A-Z0-9{])")

_Forms = Mapping[str, str]  # by what plural_form returns; "other" is always there


class Texts:
    """Translates texts into one language."""

    def __init__(self, language: str = "en") -> None:
        """`language` is a locale's name ("de", "de_DE.UTF-8", "pt-BR"); an unknown one gives English."""
        self.language = language
        self._entries = _load(language)
        self._catalogue = {
            text: entry if isinstance(entry, str) else entry["other"] for text, entry in self._entries.items()
        }
        phrases = (Phrase(english, translated) for english, translated in self._catalogue.items())
        # The one that says most is tried first: another may fit it too, with half a sentence for a value.
        self._phrases = sorted((each for each in phrases if each.is_telling), key=lambda each: -each.weight)

    @property
    def catalogue(self) -> Mapping[str, str]:
        """Return all translations, by the English text: for a host that translates its labels itself."""
        return self._catalogue

    def __call__(self, text: str, /, **values: object) -> str:
        """Return `text` in the language, with {name} replaced by the value of that name."""
        translated = self._template(text, values.get("count"))
        return translated.format(**values) if values else translated

    def sentence(self, text: str) -> str:
        """Return a text, such as the server sends, in the language; its names stay as they are.

        A :class:`Sentence` with values is known by its key. Of a server of version 1 only the finished text comes, and
        entries are looked for that fit it. What has several sentences is translated one by one; those that are not
        known stay English.
        """
        if isinstance(text, Sentence) and text.values:
            return self._by_key(text)
        if text in self._catalogue:
            return self._catalogue[text]
        return " ".join(map(self._single, _SENTENCE_END.split(text)))

    def _by_key(self, sentence: Sentence) -> str:
        count = sentence.values.get("count")
        parts = [sentence.key] if sentence.key in self._entries else _TEMPLATE_END.split(sentence.key)
        nested = {name: self.sentence(value) for name, value in sentence.values.items() if isinstance(value, Sentence)}
        if not nested and not any(part in self._entries for part in parts):
            return str(sentence)
        return filled(" ".join(self._template(part, count) for part in parts), {**sentence.values, **nested})

    def _template(self, text: str, count: object) -> str:
        entry = self._entries.get(text, text)
        if isinstance(entry, str):
            return entry
        form = plural_form(self.language, count) if isinstance(count, int) else "other"
        return entry.get(form, entry["other"])

    def _single(self, text: str, *, is_nested: bool = False) -> str:
        if text in self._catalogue:
            return self._catalogue[text]
        for phrase in self._phrases:
            values = phrase.match(text)
            if values is None or (is_nested and "sentence" in values):
                continue
            if self._translate_nested(values):
                return phrase.translated.format(**values)
        return text

    def _translate_nested(self, values: dict[str, str]) -> bool:
        """Translate the value that is a sentence itself, if there is one. Return whether it was known."""
        nested = values.get("sentence")
        if nested is None:
            return True
        values["sentence"] = self._single(nested, is_nested=True)
        return values["sentence"] != nested


def languages() -> list[str]:
    """Return the languages that there are catalogues for, English apart."""
    return sorted(path.stem for path in CATALOGUES.glob("*.json"))


def system_language(environ: Mapping[str, str] = os.environ) -> str:
    """Return the language that the person's environment asks for."""
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environ.get(name, "").split(":")[0]:
            return value
    return locale.getlocale()[0] or "en"


def _load(language: str) -> Mapping[str, str | _Forms]:
    full = language.split(".", maxsplit=1)[0].replace("-", "_")
    for name in (full, full.split("_")[0].lower()):
        path = CATALOGUES / f"{name}.json"
        if name.isidentifier() and path.is_file():
            entries: dict[str, str | _Forms] = json.loads(path.read_text(encoding="utf-8"))
            return entries
    return {}
