"""Small files with secrets: readable by their owner alone, written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from pathlib import Path

from ..errors import ErrorCode, ResourceError, reason_of

_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


def write_private(path: Path, text: str) -> None:
    """Replace the file at `path` by `text`; readers see the old file or the new one, never a part.

    Folders that are missing are made (mode 0700). Raises ResourceError where the disk does not take it.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise unwritable(path, error) from error


def is_forbidden(error: BaseException) -> bool:
    """Tell whether somebody lacks a right: no room on the disk would help."""
    return isinstance(error, OSError) and error.errno in _FORBIDDEN


def unwritable(path: Path, error: OSError) -> ResourceError:
    """Return the error of a file that cannot be written."""
    return ResourceError(
        "{path} cannot be written: {reason}.",
        code=ErrorCode.STORAGE_FULL,
        remedy="Give yourself the right to write {path} and its folder."
        if is_forbidden(error)
        else "Make room on the disk, and check that the folder may be written.",
        path=path,
        reason=reason_of(error),
    )
