"""Recognising a finished sentence, of a server of version 1 or of the command line, as an entry with its values put in.

    Phrase("{count} faces were found.", "...").match("3 faces were found.")    # {"count": "3"}

Matching searches for the fixed parts from left to right, each once: linear in the text's length, which a regular
expression of several wildcards is not, and texts come from another machine.
"""

from __future__ import annotations

from string import Formatter

_TELLING = 10  # fixed characters, spaces apart: with fewer, an entry fits sentences that it has nothing to do with


class Phrase:
    """An English entry with {placeholders}, and its translation. The value named `sentence` is a text of its own."""

    def __init__(self, english: str, translated: str) -> None:
        self.translated = translated
        self._fixed = [""]  # what stands before, between and after the values
        self._names: list[str] = []
        for literal, name, _, _ in Formatter().parse(english):
            self._fixed[-1] += literal
            if name is not None:
                self._names.append(name)
                self._fixed.append("")
        self.weight = sum(len(part.replace(" ", "")) for part in self._fixed)

    @property
    def is_telling(self) -> bool:
        """Tell whether there are values, and enough around them (or a known sentence in them) to go by."""
        return "sentence" in self._names or (bool(self._names) and self.weight >= _TELLING)

    def match(self, text: str) -> dict[str, str] | None:
        """Return the values by name, none of them empty; None where `text` is another sentence."""
        first, *between, last = self._fixed
        end = len(text) - len(last)
        if not (text.startswith(first) and text.endswith(last)):
            return None
        values, start = [], len(first)
        for part in between:
            found = text.find(part, start + 1, end)
            if found < 0:
                return None
            values.append(text[start:found])
            start = found + len(part)
        if start >= end:
            return None
        return dict(zip(self._names, [*values, text[start:end]], strict=True))
