"""What a person asked for in a dialog, until GIMP has it: GIMP keeps a dialog's values only where its job succeeded.

So who drops a preview, cancels, or is told of a failure finds them in the next dialog as they were.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gi.repository import Gimp

from . import connection, layer_pictures
from ._shared import errors, private_files
from .arguments import VARIATIONS
from .operation_procedures import OperationProcedure

_FOLDER = "foveate-dialogs"  # beside the settings
_NUMBERED_BY = "gimp"  # the process by which layers are numbered


def keep(config: Gimp.ProcedureConfig, operation: OperationProcedure) -> None:
    """Keep what a dialog says. Where that cannot be written it is not kept: no reason not to do the job."""
    layers = {each.name: config.get_property(each.name) for each in operation.pictures}
    kept = {
        "values": {name: config.get_property(name) for name in _names(operation)},
        "layers": {name: [layer.get_id(), layer.get_name()] for name, layer in layers.items() if layer is not None},
        _NUMBERED_BY: os.getppid(),
    }
    with contextlib.suppress(errors.ResourceError):
        private_files.write_private(_file(operation), json.dumps(kept))


def restore(config: Gimp.ProcedureConfig, operation: OperationProcedure) -> None:
    """Let a dialog begin with what was kept, if anything was, and GIMP has it not; of layers with those still there."""
    try:
        kept = json.loads(_file(operation).read_text(encoding="utf-8"))
        values, layers = dict(kept["values"]), dict(kept["layers"]) if kept[_NUMBERED_BY] == os.getppid() else {}
    except (OSError, ValueError, KeyError, TypeError):  # nothing was kept, or nothing that can be understood
        return
    for name in _names(operation):
        if name in values:
            _put(config, name, values[name])
    for each in operation.pictures:
        _put(config, each.name, _layer(layers.get(each.name)))


def forget(operation: OperationProcedure) -> None:
    """Forget what was kept: GIMP keeps it from now on."""
    with contextlib.suppress(OSError):
        _file(operation).unlink(missing_ok=True)


def _file(operation: OperationProcedure) -> Path:
    return connection.settings_path().with_name(_FOLDER) / f"{operation.procedure}.json"


def _names(operation: OperationProcedure) -> Iterator[str]:
    yield from (each.name for each in operation.arguments)
    if operation.has_variations:
        yield VARIATIONS.name
    if operation.has_output:
        yield "output"


def _put(config: Gimp.ProcedureConfig, name: str, value: Any) -> None:
    with contextlib.suppress(TypeError, ValueError, OverflowError):  # another server gave the argument another type
        config.set_property(name, value)


def _layer(kept: Any) -> Gimp.Layer | None:
    if kept is None:
        return None
    number, name = kept
    found = layer_pictures.find(str(number))
    return found if found is not None and found.get_name() == name else None
