"""The id that a client's jobs belong to, in a file beside its settings as well: who it is does not hang on those."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

from ..errors import ResourceError
from ..wire.rules import is_name
from .private_files import write_private

_IN_SETTINGS = re.compile(r'"client_id"\s*:\s*"([^"\\]+)"')


def keep(settings_path: Path, client_id: str) -> None:
    """Write the id beside the settings, where it does not stand there; where that cannot be, those have it alone."""
    file = _file(settings_path)
    if _read(file).strip() != client_id:
        with contextlib.suppress(ResourceError):
            write_private(file, f"{client_id}\n")


def forget(settings_path: Path) -> None:
    """Remove what :func:`keep` wrote. Raises OSError."""
    _file(settings_path).unlink(missing_ok=True)


def known(settings_path: Path, damaged: Path | None) -> str | None:
    """Return the id that settings had which are gone, or `damaged`; None where nobody knows it any more."""
    found = _IN_SETTINGS.search(_read(damaged)) if damaged is not None else None
    candidates = (_read(_file(settings_path)).strip(), found.group(1) if found else "")
    return next(filter(is_name, candidates), None)


def _file(settings_path: Path) -> Path:
    return settings_path.with_suffix(".client-id")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
