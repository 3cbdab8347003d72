"""What a checkpoint is, found out in a process of its own: it needs torch, and a hostile file must not hurt us."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from foveate_shared.errors import ErrorCode, ErrorInfo, Fault, InputError, ServerError, to_exception

SUFFIXES = (".pth", ".pt", ".ckpt", ".safetensors")
_TIMEOUT_SECONDS = 300
_INSPECTOR = "foveate_server.engines.inspector"  # its standard output is one JSON object


@dataclass(frozen=True)
class Inspection:
    """What was found in a checkpoint."""

    architecture: str  # "rrdbnet", "srvgg", or spandrel's name of it
    title: str  # a few words for a person
    scale: int  # output pixels per input pixel, along one axis
    halo: int  # input pixels that a tile must see around itself


def inspect_checkpoint(path: Path) -> Inspection:
    """Return what the file at `path` holds.

    Raises InputError where it is no checkpoint of a restoration network, ResourceError where spandrel is needed
    and absent.
    """
    if not path.is_file():
        raise InputError(
            f"There is no file {path}.", code=ErrorCode.INVALID_FILE, remedy="Check the path of the checkpoint."
        )
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(
            f"{path.name} does not look like a checkpoint.",
            code=ErrorCode.INVALID_FILE,
            remedy=f"Give a file that ends with one of {', '.join(SUFFIXES)}.",
        )
    return _read(path, _run(path))


def _run(path: Path) -> str:
    """Return what the inspector wrote about `path`."""
    command = [sys.executable, "-m", _INSPECTOR, str(path)]
    try:
        process = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_TIMEOUT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise _unreadable(path, "reading it took too long") from error
    if process.returncode:
        lines = process.stderr.strip().splitlines()
        raise _unreadable(path, lines[-1] if lines else f"the reader ended with status {process.returncode}")
    return process.stdout


def _read(path: Path, text: str) -> Inspection:
    """Return the inspection in the inspector's answer, or raise the error that it holds."""
    try:
        answer = json.loads(text)
        if "error" in answer:
            error = answer["error"]
            info = ErrorInfo(ErrorCode(error["code"]), error["message"], error["remedy"], Fault(error["fault"]))
        else:
            return Inspection(**answer)
    except (ValueError, TypeError, KeyError) as error:
        raise ServerError(f"The inspection of {path.name} gave no answer.", remedy="Please report this.") from error
    raise to_exception(info)


def _unreadable(path: Path, reason: str) -> InputError:
    return InputError(
        f"{path.name} cannot be read as a checkpoint: {reason.rstrip('.')}.",
        code=ErrorCode.INVALID_FILE,
        remedy="Download it again, or choose another file.",
    )
