"""Reading single settings: each parser takes what TOML, the environment or a flag gave, and returns the value.

A parser raises ValueError with a phrase that completes "the setting must be ...".
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([kmgt]?)(?:i?b)?", re.IGNORECASE)


def text(value: object) -> str:
    """Return a text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a text that is not empty")
    return value.strip()


def texts(value: object) -> tuple[str, ...]:
    """Return texts from a list, or from one text with commas."""
    entries = value.split(",") if isinstance(value, str) else value
    if not isinstance(entries, (list, tuple)) or not all(isinstance(entry, str) for entry in entries):
        raise ValueError("a list of texts")
    return tuple(entry.strip() for entry in entries if entry.strip())


def origins(value: object) -> tuple[str, ...]:
    """Return web origins, such as https://example.org or http://localhost:8000, in lower case."""
    found = tuple(entry.lower().rstrip("/") for entry in texts(value))
    for entry in found:
        parts = urlsplit(entry)
        if parts.scheme not in {"http", "https"} or not parts.netloc or f"{parts.scheme}://{parts.netloc}" != entry:
            raise ValueError("a list of web origins such as https://example.org (neither null nor *)")
    return found


def boolean(value: object) -> bool:
    """Return a truth value; texts may say true or false, yes or no, on or off, 1 or 0."""
    if isinstance(value, bool):
        return value
    word = value.strip().lower() if isinstance(value, str) else ""
    if word in {"1", "true", "yes", "on"}:
        return True
    if word in {"0", "false", "no", "off"}:
        return False
    raise ValueError("true or false")


def choice(*words: str) -> Callable[[object], str]:
    """Return a parser of one of `words`."""

    def parse(value: object) -> str:
        word = value.strip().lower() if isinstance(value, str) else ""
        if word not in words:
            raise ValueError(f"one of {', '.join(words)}")
        return word

    return parse


def integer(least: int, most: int = 1 << 62) -> Callable[[object], int]:
    """Return a parser of whole numbers from `least` to `most`."""
    phrase = f"a whole number from {least} to {most}" if most < 1 << 62 else f"a whole number of at least {least}"

    def parse(value: object) -> int:
        if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,19}", value.strip()):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(phrase)
        return value

    return parse


def number(least: float) -> Callable[[object], float]:
    """Return a parser of finite numbers of at least `least`."""

    def parse(value: object) -> float:
        found = math.nan
        if isinstance(value, (int, float, str)) and not isinstance(value, bool):
            with contextlib.suppress(ValueError, OverflowError):
                found = float(value)
        if not math.isfinite(found) or found < least:
            raise ValueError(f"a number of at least {least:g}")
        return found

    return parse


def size(value: object) -> int:
    """Return bytes from a whole number, or from a text such as 500 MB or 20G (units of 1024)."""
    found = value
    if isinstance(value, str) and (match := _SIZE.fullmatch(value.strip())):
        found = int(float(match[1]) * _UNITS[match[2].lower()])
    if isinstance(found, bool) or not isinstance(found, int) or found < 1:
        raise ValueError("a size such as 500 MB or 20 GB, or a whole number of bytes")
    return found


def size_text(count: int) -> str:
    """Return bytes as :func:`size` takes them: such as 500 KB or 1.5 GB, never rounded to nothing."""
    unit = next((unit for unit in "tgmk" if count >= _UNITS[unit]), "")
    return f"{count / _UNITS[unit]:.1f}".removesuffix(".0") + f" {unit.upper()}B"


def path(value: object) -> Path:
    """Return a path, made absolute; `~` stands for the home folder."""
    if isinstance(value, Path):
        found = value
    elif isinstance(value, str) and value.strip() and "\0" not in value:
        found = Path(value)
    else:
        raise ValueError("a path")
    try:
        return found.expanduser().absolute()
    except RuntimeError:
        raise ValueError("a path whose home folder exists") from None
