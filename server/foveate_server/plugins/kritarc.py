"""What Krita loads: `enable_NAME=true` in the group [python] of its configuration. All other lines stay."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from foveate_shared.connection.private_files import is_forbidden, write_private
from foveate_shared.errors import ErrorCode, ResourceError, reason_of

GROUP = "[python]"
KEY = "enable_foveate"


def is_enabled(path: Path) -> bool:
    """Tell whether Krita loads the plugin. Raises ResourceError where the file cannot be read."""
    lines = _lines(path)
    ours = _ours(lines)
    return bool(ours) and lines[ours[-1]].split("=", 1)[1].strip().lower() == "true"


def enable(path: Path) -> None:
    """Let Krita load the plugin. Raises ResourceError where the file cannot be read or written."""
    lines = _without_ours(_lines(path))
    if GROUP not in lines:
        lines += [*([""] if lines and lines[-1] else []), GROUP]
    last = len(lines) - 1 - lines[::-1].index(GROUP)
    lines.insert(last + 1, f"{KEY}=true")
    _write(path, lines)


@contextlib.contextmanager
def enabling(path: Path) -> Iterator[None]:
    """Let Krita load the plugin that the block puts into place; where that fails, Krita's configuration is as before.

    Raises as :func:`enable` does, before the block.
    """
    was_there, before = path.exists(), _lines(path)
    enable(path)
    try:
        yield
    except BaseException:
        with contextlib.suppress(ResourceError, OSError):
            if was_there:
                _write(path, before)
            else:
                path.unlink()
        raise


def forget(path: Path) -> None:
    """Remove the plugin from what Krita loads. Raises ResourceError."""
    lines = _lines(path)
    if _ours(lines):
        _write(path, _without_ours(lines))


def _ours(lines: list[str]) -> list[int]:
    """Return the numbers of our lines in all groups [python]: the last one counts."""
    group, found = "", []
    for at, line in enumerate(lines):
        if line.startswith("["):
            group = line
        elif group == GROUP and "=" in line and line.split("=", 1)[0].strip() == KEY:
            found.append(at)
    return found


def _without_ours(lines: list[str]) -> list[str]:
    ours = set(_ours(lines))
    return [line for at, line in enumerate(lines) if at not in ours]


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise ResourceError(
            f"Krita's configuration {path} cannot be read: {reason_of(error)}.",
            code=ErrorCode.STORAGE_FULL,
            remedy=f"Give yourself the right to read {path}."
            if is_forbidden(error)
            else "Enable or disable the plugin by hand: Settings > Configure Krita > Python Plugin Manager.",
        ) from error


def _write(path: Path, lines: list[str]) -> None:
    write_private(path.resolve(), "\n".join(lines) + "\n")
