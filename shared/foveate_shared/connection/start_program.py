"""How a program is started from an editor or a shell: which one a command means, and why it cannot be started."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..errors import reason_of
from ..i18n.sentence import Sentence


def with_program_found(command: Sequence[str], environ: Mapping[str, str]) -> list[str]:
    """Return a command with its program as a path, looked for on the path of `environ`.

    The program itself may get another path, see clean_environment. Raises OSError, as starting it would.
    """
    name = command[0] if command else ""
    found = shutil.which(name, path=environ.get("PATH", os.defpath))
    if found is None:
        code = errno.EACCES if Path(name).is_file() else errno.ENOENT
        raise OSError(code, os.strerror(code), name)
    return [found, *command[1:]]


def why_not_started(error: Exception) -> str:
    """Return why a program was not started, for a sentence."""
    if isinstance(error, FileNotFoundError):
        return Sentence("there is no such program")
    if isinstance(error, PermissionError):
        return Sentence("it may not be executed")
    return reason_of(error)
