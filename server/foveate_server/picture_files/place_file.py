"""Putting a file in its place whole or not at all: it is written beside that, then renamed.

A symbolic link stays, and the file that it names is replaced.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

Check = Callable[[Path], None]  # raises FoveateError where what is at a path now must stay


def allow_all(_: Path) -> None:
    """Let anything be replaced."""


def followed(path: Path) -> Path:
    """Return the file that `path` names in the end, which need not be there."""
    return Path(os.path.realpath(path)) if os.path.islink(path) else path  # noqa: PTH114 - Path.is_symlink may raise


@contextlib.contextmanager
def placing(path: Path, check: Check = allow_all) -> Iterator[Path]:
    """Give a temporary file to write into; it takes the place of `path` only where the block succeeds.

    `check` is asked then what is there by now. Raises OSError, and what `check` raises; nothing is left behind.
    """
    target = followed(path)
    handle, name = tempfile.mkstemp(prefix=".foveate-", suffix=path.suffix, dir=target.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask())
        with temporary.open("rb") as stream:
            os.fsync(stream.fileno())
        check(path)
        if target.exists() or not _linked(temporary, target, lambda: check(path)):
            temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _linked(temporary: Path, target: Path, check: Callable[[], None]) -> bool:
    """Tell whether the file is in its place by a link, which unlike a renaming never replaces what came just now."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        check()
        return False
    except OSError:  # a file system without links
        return False
    return True


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
