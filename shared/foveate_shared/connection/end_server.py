"""End the server that runs on this machine, and wait until it has ended."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

from ..errors import ConnectionLostError, ErrorCode, InputError, ServerError
from .running_server import NoServerRunsError, RunningServer, find_running_server

END_TIMEOUT = 60.0  # seconds: it finishes what it writes
_POLL = 0.05  # seconds between two looks


def end_server(path: Path | None = None, *, timeout: float = END_TIMEOUT) -> RunningServer | None:
    """Let the server of a runtime file end as it wants to; return what it was, None where none runs.

    Its jobs go on with the next one. Raises ConnectionLostError where it cannot be reached or does not prove that it is
    ours, InputError where it runs on another machine, ServerError where it does not end in time.
    """
    try:
        server = find_running_server(path)
    except NoServerRunsError:
        return None
    if not server.is_here:
        raise InputError(
            "The server runs in another place, where its process is not known here.",
            code=ErrorCode.FORBIDDEN,
            remedy="Run `foveate stop` there.",
        )
    with contextlib.suppress(ProcessLookupError):  # it has ended by itself meanwhile
        os.kill(server.pid, signal.SIGTERM)
    deadline = time.monotonic() + timeout
    while _runs(server, path):
        if time.monotonic() >= deadline:
            raise ServerError(
                "The server (pid {pid}) was told to end, and has not.",
                code=ErrorCode.TIMED_OUT,
                remedy="Look at its log, and try again in a minute.",
                pid=server.pid,
            )
        time.sleep(_POLL)
    return server


def _runs(server: RunningServer, path: Path | None) -> bool:
    """Tell whether it still runs; where nobody can ask for a process, whether it still answers."""
    if os.name == "posix":
        return not server.has_ended
    try:
        return find_running_server(path) == server
    except ConnectionLostError:
        return False
