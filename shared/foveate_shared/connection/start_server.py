"""Start the server where none runs. A lock sees to it that two clients never start two."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import ConnectionLostError, ErrorCode, InputError, ServerError
from .clean_environment import clean_environment
from .private_files import unwritable
from .process_place import of_this_host
from .running_server import RUNTIME_FILE_VARIABLE, default_runtime_file, find_server
from .server_address import ServerAddress
from .start_program import why_not_started, with_program_found

START_TIMEOUT = 60.0  # seconds: torch may have to be read from a slow disk
_POLL = 0.05  # seconds between two looks
_ERROR_NUMBER = re.compile(r"\[(Errno|WinError) -?\d+\] ")  # of the system: it says nothing to a person


def find_or_start(
    command: Sequence[str],
    runtime_file: Path | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
    timeout: float = START_TIMEOUT,
) -> ServerAddress:
    """Return the address of the running server; start one with `command` where none runs.

    The program is looked for on the path of `environ`, and sees of that what clean_environment leaves.

    Raises ConnectionLostError where one runs and does not answer, InputError where there is no such command,
    ServerError where the server ends at once (with the last line of its output) or is not ready in time.
    """
    path = runtime_file or default_runtime_file()
    if address := find_running(path):
        return address
    deadline = time.monotonic() + timeout
    with _lock(of_this_host(path.with_name("server.lock")), deadline):
        # Another client may have started it meanwhile.
        return find_running(path) or _start(command, path, deadline, environ)


def find_running(path: Path | None = None) -> ServerAddress | None:
    """Return the address of the running server, None where none runs.

    Raises ConnectionLostError where one runs and does not answer: another one would be of no use then.
    """
    try:
        return find_server(path)
    except ConnectionLostError as error:
        if error.info.code is not ErrorCode.NO_SERVER:
            raise
        return None


def _start(command: Sequence[str], path: Path, deadline: float, environ: Mapping[str, str]) -> ServerAddress:
    log = of_this_host(path.with_name("server-start.log"))
    process = _spawn(command, path, log, environ)
    try:
        return _wait_until_ready(process, path, log, deadline)
    except BaseException:
        process.kill()
        raise
    finally:
        # Whenever the server ends, somebody must take note of it, or it would stay behind as a zombie.
        threading.Thread(target=process.wait, name="foveate-reaper", daemon=True).start()


def _spawn(command: Sequence[str], path: Path, log: Path, environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    try:
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        raise unwritable(log, error) from error
    with os.fdopen(descriptor, "wb") as output:
        try:
            process: subprocess.Popen[bytes] = subprocess.Popen(
                with_program_found(command, environ),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**clean_environment(environ), RUNTIME_FILE_VARIABLE: str(path)},
                **_detached(),
            )
        except (OSError, ValueError) as error:
            raise InputError(
                "The server cannot be started: {program} ({reason}).",
                code=ErrorCode.NO_SERVER,
                remedy="Set the command that starts `foveate serve` on this machine.",
                program=command[0] if command else "",
                reason=why_not_started(error),
            ) from error
    return process


def _wait_until_ready(process: subprocess.Popen[bytes], path: Path, log: Path, deadline: float) -> ServerAddress:
    while True:
        with contextlib.suppress(ConnectionLostError):
            return find_server(path)
        if process.poll() is not None:
            raise ServerError(
                "The server ended at once: {reason}",
                code=ErrorCode.NO_SERVER,
                remedy="All that it said is in {log}.",
                reason=_last_line(log),
                log=log,
            )
        _pause(deadline, lambda: _too_late(log))


def _too_late(log: Path) -> ServerError:
    return ServerError(
        "The server was not ready in time: {reason}",
        code=ErrorCode.TIMED_OUT,
        remedy="Try again; what it said is in {log}.",
        reason=_last_line(log),
        log=log,
    )


def _last_line(log: Path) -> str:
    """Return the last line that says something: of a traceback, that is the error."""
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n") if log.exists() else []
    last = next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing.")
    return _ERROR_NUMBER.sub("", last)


def _pause(deadline: float, failure: Callable[[], Exception]) -> None:
    if time.monotonic() >= deadline:
        raise failure()
    time.sleep(_POLL)


# --- the lock --------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _lock(path: Path, deadline: float) -> Iterator[None]:
    """Hold the lock file. The system lets go of it when its holder dies, however that happens."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = path.open("a+b")
    except OSError as error:
        raise unwritable(path, error) from error
    with file:
        while not _try_lock(file.fileno()):
            _pause(deadline, _still_starting)
        yield


def _still_starting() -> ServerError:
    return ServerError(
        "Another program is starting the server, and does not come to an end.",
        code=ErrorCode.TIMED_OUT,
        remedy="Try again in a minute.",
    )


if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _detached() -> Mapping[str, Any]:
        """Return how a process outlives the one that starts it, and does not see its Ctrl+C."""
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _detached() -> Mapping[str, Any]:
        """Return how a process outlives the one that starts it, and does not see its Ctrl+C."""
        return {"start_new_session": True}
