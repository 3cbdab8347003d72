"""From a plugin's settings file to a connection: which server, how it is found, and how one is started.

A panel polls what :func:`open_workbench` returns; a host without an event loop takes :func:`open_client` and
:func:`foveate_shared.jobs.run_blocking.run_to_end`.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..connection import running_server, settings, start_server
from ..connection.client import Client, FindServer, ServerOnDemand
from ..connection.server_address import ServerAddress
from ..connection.settings import Settings
from ..connection.version_difference import editor_of
from ..errors import ConnectionLostError, ErrorCode, InputError
from ..jobs.job_list import Workbench
from ..wire.protocol import Peer

_RECORD = "bundle.json"  # what a bundle says about itself


def open_workbench(settings_path: Path, peer: Peer) -> Workbench:
    """Return a workbench that begins to connect; `reconnect()` reads the settings file again.

    `peer` names the plugin and its version. Raises ResourceError where new settings cannot be written.
    """
    return Workbench(lambda: open_client(settings.load(settings_path), peer))


def open_client(values: Settings, peer: Peer) -> Client:
    """Return a client that begins to connect to the server that the settings name."""
    return Client(find_server(values, editor_of(peer)), values.client_id, peer)


def peer_of(name: str, folder: Path) -> Peer:
    """Return a plugin's name and version: the bundle in `folder` says it, and in a checkout there is none."""
    record = folder / _RECORD
    version = json.loads(record.read_text(encoding="utf-8"))["version"] if record.is_file() else "development"
    return Peer(name, str(version))


def find_server(values: Settings, editor: str, environ: Mapping[str, str] = os.environ) -> FindServer:
    """Return what finds the server anew for each attempt: a remote one, this machine's, or one that it starts.

    One that it can start is a ServerOnDemand.

    It raises InputError where the remote address is wrong, ServerError where a server that it started ended at once,
    and ConnectionLostError where none runs and none can be started here: the client then goes on looking, and finds the
    one that the person starts. In a sandbox the remedy holds the command to copy; where the command is none, the one
    that installs the plugin in `editor` anew.
    """

    def find() -> ServerAddress:
        if remote := values.remote:
            return remote
        path = runtime_file(values, environ)
        if running_server.in_sandbox(environ):
            return _find_running(values, path)
        return _find_or_start(values, editor, path, environ)

    if values.remote_url or running_server.in_sandbox(environ):
        return find
    return ServerOnDemand(find, lambda: running_server.find_server(runtime_file(values, environ)))


def runtime_file(values: Settings, environ: Mapping[str, str] = os.environ) -> Path:
    """Return where the server says how to reach it: the environment wins, then what was recorded at install."""
    if environ.get(running_server.RUNTIME_FILE_VARIABLE) or not values.runtime_file:
        return running_server.default_runtime_file(environ)
    return Path(values.runtime_file)


def command_to_copy(values: Settings) -> str:
    """Return the command that starts the server, quoted for this machine's shell."""
    return quoted(values.server_command)


def quoted(command: Sequence[str]) -> str:
    """Return a command as this machine's shell takes it."""
    return subprocess.list2cmdline(command) if sys.platform == "win32" else shlex.join(command)


def _find_running(values: Settings, path: Path) -> ServerAddress:
    try:
        return running_server.find_server(path)
    except ConnectionLostError as error:
        if error.info.code is not ErrorCode.NO_SERVER:  # one runs, and another one would be of no use
            raise
        raise ConnectionLostError(
            "{problem} This editor's sandbox does not let it start one.",
            code=ErrorCode.NO_SERVER,
            remedy="Run this in a terminal: {command}",
            problem=error.info.message,
            command=command_to_copy(values),
        ) from error


def _find_or_start(values: Settings, editor: str, path: Path, environ: Mapping[str, str]) -> ServerAddress:
    try:
        return start_server.find_or_start(values.server_command, path, environ=environ)
    except InputError as error:
        if error.info.code is not ErrorCode.NO_SERVER:
            raise
        raise ConnectionLostError(
            error.info.message,
            code=ErrorCode.NO_SERVER,
            remedy="Install the plugin again in a terminal: foveate plugins install {editor}",
            editor=editor,
        ) from error
