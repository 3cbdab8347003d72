"""What Krita loads: `enable_NAME=true` in the group [python] of its configuration. All other lines stay."""

from __future__ import annotations

from pathlib import Path

from foveate_shared.errors import ErrorCode, ResourceError
from foveate_shared.private_files import write_private

GROUP = "[python]"
KEY = "enable_foveate"


def is_enabled(path: Path) -> bool:
    """Tell whether Krita loads the plugin."""
    lines = _lines(path)
    at = _find(lines)
    return at is not None and lines[at].split("=", 1)[1].strip().lower() == "true"


def enable(path: Path) -> None:
    """Let Krita load the plugin. Raises ResourceError where the file cannot be read or written."""
    lines = _lines(path)
    if (at := _find(lines)) is not None:
        lines[at] = f"{KEY}=true"
    elif GROUP in lines:
        lines.insert(lines.index(GROUP) + 1, f"{KEY}=true")
    else:
        lines += [*([""] if lines and lines[-1] else []), GROUP, f"{KEY}=true"]
    _write(path, lines)


def forget(path: Path) -> None:
    """Remove the plugin from what Krita loads. Raises ResourceError."""
    lines = _lines(path)
    if (at := _find(lines)) is not None:
        del lines[at]
        _write(path, lines)


def _find(lines: list[str]) -> int | None:
    """Return the number of our line, or None."""
    if GROUP not in lines:
        return None
    start = lines.index(GROUP) + 1
    for at in range(start, len(lines)):
        if lines[at].startswith("["):
            return None
        if lines[at].split("=", 1)[0].strip() == KEY and "=" in lines[at]:
            return at
    return None


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise ResourceError(
            f"Krita's configuration {path} cannot be read: {error}.",
            code=ErrorCode.STORAGE_FULL,
            remedy="Enable the plugin by hand: Settings > Configure Krita > Python Plugin Manager.",
        ) from error


def _write(path: Path, lines: list[str]) -> None:
    write_private(path.resolve(), "\n".join(lines) + "\n")
