"""Which entries the menu has, and how GIMP is made to ask for them, and for their arguments, anew.

GIMP asks a plug-in for its procedures when the plug-in's file is new or has another time, and remembers the answer. So
what was seen at the server is kept beside the settings, and the file's time is changed where that changes what GIMP
knows: new entries and limits come when GIMP is started anew. The procedures that every server has are always there, for
scripts; their entries come with a model that can do them.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Sequence
from pathlib import Path

from . import connection
from ._shared import errors, offered_operations, private_files, protocol, translations
from .operation_procedures import OperationProcedure, operations_of

START_ANEW = "The menu and the limits are those of the server as soon as GIMP is started anew."
_ENTRY = Path(__file__).with_name("foveate.py")  # whose time GIMP looks at
_ASKED, _SEEN = "foveate-asked.txt", "foveate-seen.txt"  # marks of what GIMP was told, and of what was seen last
_SMALL = {"a", "an", "and", "for", "from", "in", "of", "on", "or", "the", "to", "with"}  # words that have no capital
_NEED_CHECKPOINT = {"fill", "compare"}  # what is not shown before any server was seen


def title(operation: OperationProcedure, say: translations.Texts) -> str:
    """Return an operation's title as GIMP's menus and windows write theirs: in English, with capitals."""
    told = say(operation.title)
    if say.language != "en":
        return told
    return " ".join(word if word in _SMALL else word[:1].upper() + word[1:] for word in told.split(" "))


def label(
    operation: OperationProcedure,
    operations: Sequence[OperationProcedure],
    say: translations.Texts,
    reserved: Sequence[str] = (),
) -> str:
    """Return an operation's entry, with a key that no entry of `operations` before it has, and none `reserved`."""
    taken = {told[told.index("_") + 1].lower() for told in reserved if "_" in told}
    for each in operations:
        told = title(each, say)
        first = [at for at, sign in enumerate(told) if sign.isalpha() and (not at or told[at - 1] == " ")]
        places = [*first, *(at for at, sign in enumerate(told) if sign.isalpha())]
        place = next((at for at in places if told[at].lower() not in taken), None)
        if place is not None:
            taken.add(told[place].lower())
        if each == operation:
            marked = [f"_{sign}" if at == place or sign == "_" else sign for at, sign in enumerate(told)]
            return "".join(marked) + "..."
    return f"{title(operation, say)}..."


def shows(operation: OperationProcedure, entry: Path = _ENTRY) -> bool:
    """Tell whether an operation gets a menu entry: all do where GIMP could not be made to ask again."""
    return not os.access(entry, os.W_OK) or _is_offered(operation, *connection.load_known())


def asked() -> None:
    """Remember that GIMP was told of all procedures just now."""
    _write(_ASKED, _mark(*connection.load_known()))


def note(
    operations: Sequence[protocol.OperationInfo], models: Sequence[protocol.ModelInfo], entry: Path = _ENTRY
) -> None:
    """Let GIMP ask anew where what the server has is news. Nothing at all tells nothing."""
    if not operations or not models or (mark := _mark(operations, models)) == _read(_SEEN):
        return
    _write(_SEEN, mark)
    with contextlib.suppress(OSError):  # then all entries are there anyway
        later = max(time.time(), entry.stat().st_mtime + 1)  # GIMP counts whole seconds
        os.utime(entry, (later, later))


def is_behind(
    operations: Sequence[protocol.OperationInfo], models: Sequence[protocol.ModelInfo], entry: Path = _ENTRY
) -> bool:
    """Tell whether this GIMP knows something else than what the server has, and would know it when started anew."""
    known = _read(_ASKED)
    return bool(operations and models and known) and os.access(entry, os.W_OK) and known != _mark(operations, models)


def _is_offered(
    operation: OperationProcedure,
    operations: Sequence[protocol.OperationInfo],
    models: Sequence[protocol.ModelInfo],
) -> bool:
    if not operations:
        return operation.name not in _NEED_CHECKPOINT
    return operation.name in offered_operations.offered(operations, models)


def _mark(operations: Sequence[protocol.OperationInfo], models: Sequence[protocol.ModelInfo]) -> str:
    """Return a mark that differs where GIMP would be told something else."""
    told = [
        (
            each.procedure,
            each.title,
            each.arguments,
            each.pictures,
            each.takes_image,
            _is_offered(each, operations, models),
        )
        for each in operations_of(operations)
    ]
    return hashlib.sha256(repr(told).encode()).hexdigest()


def _read(name: str) -> str:
    try:
        return connection.settings_path().with_name(name).read_text(encoding="utf-8")
    except OSError:
        return ""


def _write(name: str, mark: str) -> None:
    with contextlib.suppress(errors.FoveateError):  # GIMP then asks once more than it must
        private_files.write_private(connection.settings_path().with_name(name), mark)
