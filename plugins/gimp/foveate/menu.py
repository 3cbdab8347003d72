"""Which entries the menu has: those that need a checkpoint come with the first one.

GIMP asks a plug-in for its procedures when the plug-in's file is new or has another time, and remembers the answer. So
what was seen at the server is kept in the settings, and the file's time is changed where that changes the menu: the
entries come, or go, when GIMP is started anew. The procedures themselves are always there, for scripts.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from gi.repository import Gimp

from . import connection
from ._shared import checkpoint_choices, protocol, settings
from .operations import OperationProcedure, all_operations

START_ANEW = "Fill Selection, Extend Canvas and Compare are in the menu as soon as GIMP is started anew."
_ENTRY = Path(__file__).with_name("foveate.py")  # whose time GIMP looks at


def shows(operation: OperationProcedure, entry: Path = _ENTRY) -> bool:
    """Tell whether an operation gets a menu entry: all do where GIMP could not be made to ask again."""
    if not operation.needs_checkpoint or not os.access(entry, os.W_OK):
        return True
    path = connection.settings_path()
    return path.is_file() and settings.load(path).has_checkpoint


def note(models: Sequence[protocol.ModelInfo], entry: Path = _ENTRY) -> None:
    """Remember whether the server has a checkpoint, and let GIMP ask for the menu where that is news.

    `models` are all that the server told; none at all tell nothing.
    """
    values = connection.load_settings()
    has_checkpoint = checkpoint_choices.has_checkpoint(models)
    if not models or has_checkpoint == values.has_checkpoint:
        return
    settings.save(connection.settings_path(), replace(values, has_checkpoint=has_checkpoint))
    with contextlib.suppress(OSError):  # then all entries are there anyway
        later = max(time.time(), entry.stat().st_mtime + 1)  # GIMP counts whole seconds
        os.utime(entry, (later, later))


def is_behind(models: Sequence[protocol.ModelInfo]) -> bool:
    """Tell whether the menu of this GIMP lacks entries that the server's models allow."""
    return checkpoint_choices.has_checkpoint(models) and lacks_entries()


def lacks_entries() -> bool:
    """Tell whether the menu of this GIMP lacks the entries that need a checkpoint."""
    name = next(each.procedure for each in all_operations() if each.needs_checkpoint)
    procedure = Gimp.get_pdb().lookup_procedure(name)
    return procedure is not None and not procedure.get_menu_paths()
