"""A sentence that is written once, in English, and still knows what it was made of, so that any language can say it.

    told = Sentence("{count} faces were found.", one="1 face was found.", count=3)
    told           # "3 faces were found.": a str like any other
    told.key       # "{count} faces were found.": what a catalogue knows it by
    told.values    # {"count": 3}

A value that is to be translated itself is a Sentence, too. A text without values is its own key: a plain str will do,
but for a value, where a plain str is a name that stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Union

SentenceValue = Union[str, int, "Sentence"]

_PLACE = re.compile(r"\{([a-z][a-z0-9_]*)(![rs])?(:[^{}]*)?\}")
_LARGEST = 1 << 53  # of whole numbers in JSON


class Sentence(str):
    """A finished English text that carries its key and its values.

    `key` is English with {names}, of the form that stands for many where it counts something. `values` are texts
    as they are shown, whole numbers, and sentences.
    """

    key: str
    values: Mapping[str, SentenceValue]

    def __new__(cls, template: str, /, *, one: str | None = None, **values: object) -> Sentence:
        """Put `values` in the places of `template`; a place is {name}, or has a format as in str.format.

        `one` is the template where the value `count`, a whole number, is 1. A place without a value stays as it is.
        """
        return cls.made_of(template, values, one)

    @classmethod
    def made_of(cls, template: str, values: Mapping[str, object], one: str | None = None) -> Sentence:
        """Return what the constructor returns, with the values as a mapping; a sentence stays itself."""
        if isinstance(template, Sentence):
            return template
        shown = {name: _shown(values[name], *how) for name, *how in _PLACE.findall(template) if name in values}
        english = template
        if one is not None:
            shown["count"] = _shown(values["count"])
            english = one if values["count"] == 1 else template
        return cls.finished(filled(_bare(english), shown), _bare(template), shown)

    @classmethod
    def finished(cls, text: str, key: str, values: Mapping[str, SentenceValue]) -> Sentence:
        """Return the sentence that reads `text` in English, as somebody else put it together."""
        sentence = super().__new__(cls, text)
        sentence.key = key
        sentence.values = values
        return sentence

    def __reduce__(self) -> tuple[Any, ...]:
        return Sentence.finished, (str(self), self.key, self.values)

    def as_json(self) -> dict[str, Any]:
        """Return `{"text", "key", "values"}`, for JSON; :func:`from_json` reads it."""
        values = {
            name: value.as_json() if isinstance(value, Sentence) else value for name, value in self.values.items()
        }
        return {"text": str(self), "key": self.key, "values": values}

    @classmethod
    def from_json(cls, written: dict[str, Any]) -> Sentence:
        """Return the sentence that :meth:`as_json` wrote."""
        values = {
            name: cls.from_json(value) if isinstance(value, dict) else value
            for name, value in written["values"].items()
        }
        return cls.finished(written["text"], written["key"], values)


def joined(*texts: str, between: str = " ") -> Sentence:
    """Return several sentences as one, each of which is known by its own key; empty ones are left out."""
    said = [Sentence(text) for text in texts if text]
    if len(said) == 1:
        return said[0]
    parts = {f"part_{number}": text for number, text in enumerate(said, 1)}
    return Sentence.made_of(between.join(f"{{{name}}}" for name in parts), parts)


def with_tenths(value: float) -> Sentence:
    """Return a number with one decimal place, as a value of a sentence: languages write the point otherwise."""
    whole, tenths = f"{value:.1f}".split(".")
    return Sentence("{whole}.{tenths}", whole=whole, tenths=tenths)


def filled(template: str, values: Mapping[str, SentenceValue]) -> str:
    """Return `template` with each {name} replaced by the value of that name; a name without a value stays.

    Unlike str.format this reads nothing of a value but its text, so a template may come from another machine.
    """
    return _PLACE.sub(lambda place: str(values.get(place[1], place[0])), template)


def _bare(template: str) -> str:
    return _PLACE.sub(r"{\1}", template)


def _shown(value: object, conversion: str = "", spec: str = "") -> SentenceValue:
    if not conversion and not spec:
        if isinstance(value, Sentence):
            return value
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST:
            return value
    return format(repr(value) if conversion == "!r" else value, spec[1:])
