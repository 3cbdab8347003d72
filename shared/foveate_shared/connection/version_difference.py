"""A plugin and a server of different versions: which of the two is older, and what to do about it."""

from __future__ import annotations

import re

from ..errors import ErrorCode, ErrorInfo, Fault
from ..i18n.sentence import Sentence
from ..wire.protocol import Peer
from .settings import PLUGIN_FILES

UPDATE_SERVER = "Run `foveate stop` where the server runs; if the next one is as old, update Foveate there."
_OUR_PREFIX = "foveate-"
_NUMBERS = re.compile(r"\d+(\.\d+)*")


def version_difference(program: Peer, server: Peer) -> ErrorInfo | None:
    """Return what to tell where the two are of different versions, though they understand each other; else None.

    `program` is ours. A version that is no list of numbers, such as a checkout's, is of no age.
    """
    ours, theirs = _numbers(program.version), _numbers(server.version)
    if not ours or not theirs or ours == theirs:
        return None
    message = (
        "The server's version {theirs} is older than this plugin's, {ours}."
        if theirs < ours
        else "This plugin's version {ours} is older than the server's, {theirs}."
    )
    told = Sentence(message, ours=program.version, theirs=server.version)
    remedy = UPDATE_SERVER if theirs < ours else update_program(program)
    return ErrorInfo(ErrorCode.VERSION_MISMATCH, told, remedy, Fault.USER)


def update_program(program: Peer) -> str:
    """Return how a client is brought up to date."""
    editor = editor_of(program)
    if editor in PLUGIN_FILES:
        return Sentence("Install the plugin again in a terminal: foveate plugins install {editor}", editor=editor)
    return Sentence("Update the program {program}.", program=f"{program.name} {program.version}")


def editor_of(program: Peer) -> str:
    """Return the editor of a plugin, as `foveate plugins` calls it."""
    return program.name.removeprefix(_OUR_PREFIX)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split("."))) if _NUMBERS.fullmatch(version) else ()
