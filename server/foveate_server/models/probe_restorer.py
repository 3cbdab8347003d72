"""What only torch can tell of a file: in a process of its own, because a hostile file must not hurt us.

Restoration checkpoints are loaded to see what they are; pickles are turned into safetensors.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foveate_server import json_records
from foveate_server.models.tensor_headers import damaged
from foveate_shared.errors import ErrorCode, ErrorInfo, InputError, ServerError, to_exception
from foveate_shared.i18n.sentence import Sentence

SUFFIXES = (".pth", ".pt", ".ckpt", ".safetensors")
_TIMEOUT_SECONDS = 300
_INSPECTOR = "foveate_server.engines.restoration.inspect_process"  # their standard output is one JSON object
_CONVERTER = "foveate_server.engines.restoration.convert_pickle_process"


@dataclass(frozen=True)
class ProbedRestorer:
    """What was found in a restoration checkpoint."""

    architecture: str  # "rrdbnet", "srvgg", or spandrel's name of it
    title: str  # a few words for a person
    scale: int  # output pixels per input pixel, along one axis


def inspect_restorer(path: Path) -> ProbedRestorer:
    """Return what the file at `path` holds.

    Raises InputError where it is no checkpoint of a restoration network, ResourceError where spandrel is needed
    and absent.
    """
    if not path.is_file():
        raise InputError(
            "There is no file {path}.",
            code=ErrorCode.INVALID_FILE,
            remedy="Check the path of the checkpoint.",
            path=path,
        )
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(
            "{name} does not look like a checkpoint.",
            code=ErrorCode.INVALID_FILE,
            remedy="Give a file that ends with one of {endings}.",
            name=path.name,
            endings=", ".join(SUFFIXES),
        )
    return ProbedRestorer(**_answer(path, _run(_INSPECTOR, path)))


def to_safetensors(path: Path, target: Path) -> None:
    """Write the weights in the pickle at `path` to `target`; code in it is never run, but refused.

    Raises InputError where it holds anything but weights, or none.
    """
    _answer(path, _run(_CONVERTER, path, target))


def _run(module: str, path: Path, *others: Path) -> str:
    """Return what the program `module` wrote about the file at `path`."""
    command = [sys.executable, "-m", module, str(path), *map(str, others)]
    try:
        process = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_TIMEOUT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise damaged(path.name, "reading it took too long") from error
    if process.returncode:
        lines = process.stderr.strip().splitlines()
        reason = (
            lines[-1].rstrip(".")
            if lines
            else Sentence("the reader ended with status {status}", status=process.returncode)
        )
        raise damaged(path.name, reason)
    return process.stdout


def _answer(path: Path, text: str) -> dict[str, Any]:
    """Return the answer of one of the programs, or raise the error that it holds."""
    try:
        answer = dict(json.loads(text))
        if "error" not in answer:
            return answer
        info = json_records.from_json(ErrorInfo, answer["error"])
    except (ValueError, TypeError, KeyError) as error:
        raise ServerError(
            "The inspection of {name} gave no answer.", remedy="Please report this.", name=path.name
        ) from error
    raise to_exception(info)
