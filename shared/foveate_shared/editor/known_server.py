"""What the server told last, in a file: forms are there before it is reached, and limits stand in no plugin."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ..connection.private_files import write_private
from ..connection.settings import Settings
from ..errors import FoveateError
from ..wire.codec import decode, encode
from ..wire.protocol import Limits, ModelInfo, Models, OperationInfo, Peer, Welcome
from . import add_model_program

# Two messages as on the wire, a line each: a Welcome, of which the operations count, and Models.
FILE_NAME = "known-server.jsonl"
PROGRAM_SECONDS = 20.0  # that the server's program may take to tell: it reads each checkpoint's file names
Known = tuple[tuple[OperationInfo, ...], tuple[ModelInfo, ...]]
_NOTHING: Known = ((), ())
_WELCOME = Welcome(1, Peer("foveate", "-"), (), Limits(), ())


def load(path: Path) -> Known:
    """Return operations and models; none where there is no such file, or none that can be understood."""
    try:
        return read(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return _NOTHING


def read(text: str) -> Known:
    """Return what :func:`text_of` wrote; nothing where that cannot be understood."""
    try:
        welcome, models = (decode(line, (Welcome, Models)) for line in text.splitlines())
    except (ValueError, FoveateError):
        return _NOTHING
    if not isinstance(welcome, Welcome) or not isinstance(models, Models):
        return _NOTHING
    return welcome.operations, models.models


def text_of(operations: tuple[OperationInfo, ...], models: tuple[ModelInfo, ...]) -> str:
    """Return them as they are kept."""
    lines = encode(replace(_WELCOME, operations=operations)), encode(Models(0, models))
    return "".join(f"{line}\n" for line in lines)


def ask_program(
    values: Settings, environ: Mapping[str, str] = os.environ, *, timeout: float = PROGRAM_SECONDS
) -> Known:
    """Return what a server of this machine would tell, by its program: none has to run for it.

    Nothing where the settings name another machine's, and where the program does not tell it.
    """
    if add_model_program.why_not(values, environ):
        return _NOTHING
    try:
        return read(add_model_program.output_of(add_model_program.tell_command(values), environ, timeout))
    except (FoveateError, OSError, RuntimeError, ValueError, subprocess.SubprocessError):
        return _NOTHING


def save(path: Path, operations: tuple[OperationInfo, ...], models: tuple[ModelInfo, ...]) -> None:
    """Write them. Raises ResourceError where that is impossible."""
    write_private(path, text_of(operations, models))
