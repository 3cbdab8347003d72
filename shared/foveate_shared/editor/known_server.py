"""What the server told last, in a file: forms are there before it is reached, and limits stand in no plugin."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..connection.private_files import write_private
from ..errors import FoveateError
from ..wire.codec import decode, encode
from ..wire.protocol import Limits, ModelInfo, Models, OperationInfo, Peer, Welcome

# Two messages as on the wire, a line each: a Welcome, of which the operations count, and Models.
FILE_NAME = "known-server.jsonl"
_NOTHING: tuple[tuple[OperationInfo, ...], tuple[ModelInfo, ...]] = ((), ())
_WELCOME = Welcome(1, Peer("foveate", "-"), (), Limits(), ())


def load(path: Path) -> tuple[tuple[OperationInfo, ...], tuple[ModelInfo, ...]]:
    """Return operations and models; none where there is no such file, or none that can be understood."""
    try:
        welcome, models = (decode(line, (Welcome, Models)) for line in path.read_text(encoding="utf-8").splitlines())
    except (OSError, ValueError, FoveateError):
        return _NOTHING
    if not isinstance(welcome, Welcome) or not isinstance(models, Models):
        return _NOTHING
    return welcome.operations, models.models


def save(path: Path, operations: tuple[OperationInfo, ...], models: tuple[ModelInfo, ...]) -> None:
    """Write them. Raises ResourceError where that is impossible."""
    lines = encode(replace(_WELCOME, operations=operations)), encode(Models(0, models))
    write_private(path, "".join(f"{line}\n" for line in lines))
