"""Which form of a text a number asks for, by the language: the categories of Unicode's CLDR, for whole numbers.

https://www.unicode.org/cldr/charts/latest/supplemental/language_plural_rules.html
"""

from __future__ import annotations

from collections.abc import Callable


def plural_form(language: str, count: int) -> str:
    """Return "one", "few", "many" or "other"; `language` is a locale's name such as "de" or "pt_BR"."""
    return _RULES.get(language[:2].lower(), _one_or_more)(count)


def _one_or_more(count: int) -> str:
    return "one" if count == 1 else "other"


def _up_to_one(count: int) -> str:
    return "one" if count in (0, 1) else "other"


def _always_the_same(_: int) -> str:
    return "other"


def _east_slavic(count: int) -> str:
    if count % 10 == 1 and count % 100 != 11:
        return "one"
    return "few" if count % 10 in (2, 3, 4) and count % 100 not in (12, 13, 14) else "many"


def _polish(count: int) -> str:
    return "one" if count == 1 else _east_slavic(count).replace("one", "many")


_RULES: dict[str, Callable[[int], str]] = {
    **dict.fromkeys(("fr", "pt"), _up_to_one),
    **dict.fromkeys(("id", "ja", "ko", "th", "vi", "zh"), _always_the_same),
    **dict.fromkeys(("be", "ru", "uk"), _east_slavic),
    "pl": _polish,
}
