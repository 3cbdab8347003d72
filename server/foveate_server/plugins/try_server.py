"""Reach the server as a plugin does: with the very command of its settings, in an environment as a desktop's."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from foveate_shared.connection.clean_environment import clean_environment
from foveate_shared.connection.client import Client
from foveate_shared.connection.end_server import end_server
from foveate_shared.connection.inquiry import Inquiry
from foveate_shared.connection.running_server import RUNTIME_FILE_VARIABLE
from foveate_shared.connection.settings import Settings
from foveate_shared.connection.start_server import find_running
from foveate_shared.editor.open_connection import find_server, runtime_file
from foveate_shared.errors import ConnectionLostError, FoveateError
from foveate_shared.wire.protocol import Peer

_FILE_OPTION = "--runtime-file"


def try_server(values: Settings, editor: str, environ: Mapping[str, str]) -> Peer:
    """Return the server that the settings lead to, once it has answered; where none runs, it is started, and stays.

    Where one runs on this machine, the command is tried all the same: in a folder of its own, for a moment. Raises the
    FoveateError that the plugin would show.
    """
    desktops = clean_environment(environ)
    is_tried_by_itself = not values.remote_url and find_running(runtime_file(values, desktops)) is not None
    server = _greeted(values, editor, desktops)
    if is_tried_by_itself:
        _try_elsewhere(values, editor, desktops)
    return server


def _greeted(values: Settings, editor: str, environ: Mapping[str, str]) -> Peer:
    # With an id of its own: a plugin that runs keeps its jobs' events.
    with Client(find_server(values, editor, environ), str(uuid.uuid4()), Peer("foveate-doctor", "1")) as client:
        return Inquiry(client).welcome().server


def _try_elsewhere(values: Settings, editor: str, environ: Mapping[str, str]) -> None:
    folder = Path(tempfile.mkdtemp(prefix="foveate-"))
    file = folder / "server.json"
    moved = replace(values, server_command=_with_file(values.server_command, file))
    own = {RUNTIME_FILE_VARIABLE: str(file), "FOVEATE_DATA_DIR": str(folder / "data"), "FOVEATE_LOG_DIR": str(folder)}
    try:
        _greeted(moved, editor, {**environ, **own, "FOVEATE_PORT": "0"})
    except BaseException:
        with contextlib.suppress(FoveateError, OSError):  # why it was not reached is what is told
            end_server(file)
        raise  # and the folder stays: the error names a log in it
    with contextlib.suppress(ConnectionLostError):  # it has ended by itself
        end_server(file)
    shutil.rmtree(folder, ignore_errors=True)


def _with_file(command: Sequence[str], file: Path) -> tuple[str, ...]:
    """Return the command with another runtime file, where it names one."""
    words = list(command)
    for place, word in enumerate(words):
        if word.startswith(f"{_FILE_OPTION}="):
            words[place] = f"{_FILE_OPTION}={file}"
        elif word == _FILE_OPTION and place + 1 < len(words):
            words[place + 1] = str(file)
    return tuple(words)
