"""Adding a model from an editor: the recorded command's `models add`, as a program of its own on this machine.

The file's path goes to that program alone, never over the wire. A panel starts one and looks at it from time to time:

    adding = Adding(add_command(settings, "my-tune.safetensors"))
    ...
    if not adding.status.is_running: show(adding.status)
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import IO, Any

from ..connection import running_server
from ..connection.clean_environment import clean_environment
from ..connection.settings import Settings
from ..connection.start_program import why_not_started, with_program_found
from ..errors import ErrorCode, InputError
from ..forms.pasted_path import as_typed
from ..i18n.sentence import Sentence

_SERVE = "serve"
OLD_FORMATS = (".ckpt", ".pt", ".pth", ".bin")  # of files that may hold code: read only where somebody says so
_LINES = 200  # of progress that are kept
_STOP_SECONDS = 5.0  # after which a program that was told to end is killed


@dataclass(frozen=True)
class AddStatus:
    """Where it stands. Sentences are those of the command line, in English: translate them with Texts.sentence."""

    is_running: bool = True
    lines: tuple[str, ...] = ()  # what the program said so far
    name: str = ""  # of the model, once it is there
    title: str = ""
    kind: str = ""  # such as "diffusion"
    problem: str = ""  # a sentence where it is there, and still lacks something
    error: str = ""  # a sentence where it was not added

    @property
    def line(self) -> str:
        """Return what happens now."""
        return self.lines[-1] if self.lines else ""


def why_not(values: Settings, environ: Mapping[str, str] = os.environ) -> str:
    """Return why no model can be added from here, as one sentence; empty where it can."""
    if values.remote_url:
        return "The server is on another machine: run this command there."
    if running_server.in_sandbox(environ):
        return "This editor's sandbox does not let it start programs: run this command in a terminal."
    return ""


def is_old_format(what: str) -> bool:
    """Tell whether a file of one of OLD_FORMATS is named."""
    return PurePath(as_typed(what)).suffix.lower() in OLD_FORMATS


def add_command(values: Settings, what: str, *, allow_pickle: bool = False) -> tuple[str, ...]:
    """Return the command that adds `what`: a file, a folder, a hub's org/name, or a URL.

    Raises InputError where nothing is named, or the recorded command does not tell where the program is.
    """
    what = as_typed(what)
    if not what or what.startswith("-"):
        raise InputError("No model was named.", remedy="Choose a file or a folder, or write org/name.")
    pickle = ("--allow-pickle",) if allow_pickle else ()
    return (*_program(values), "models", "add", what, *pickle, "--json")


def tell_command(values: Settings) -> tuple[str, ...]:
    """Return the command that tells what a server of this machine would. Raises InputError as add_command does."""
    return (*_program(values), "plugins", "tell")


def output_of(command: Sequence[str], environ: Mapping[str, str], timeout: float) -> str:
    """Return what a command of the program says, within so many seconds.

    Raises OSError, ValueError or subprocess.SubprocessError where it does not end, or not well, and RuntimeError where
    this person has no home.
    """
    done: subprocess.CompletedProcess[str] = subprocess.run(
        with_program_found(command, environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=timeout,
        check=True,
        **_surroundings(environ),
    )
    return done.stdout


def command_to_copy(values: Settings, what: str = "") -> str:
    """Return the command for a terminal; without `what`, a placeholder stands for the file.

    For a server on another machine it begins with `foveate`: nobody knows here where the program is there.
    """
    program = ("foveate",) if values.remote_url else _program(values)
    head = (*program, "models", "add")
    told = subprocess.list2cmdline if sys.platform == "win32" else shlex.join
    what = as_typed(what)
    return told([*head, what]) if what else f"{told(head)} FILE"


def _program(values: Settings) -> tuple[str, ...]:
    command = values.server_command
    if _SERVE not in command[1:]:
        raise InputError(
            "The command that starts the server has no `serve` in it, so it does not tell where the program is.",
            code=ErrorCode.NO_SERVER,
            remedy="Set the command that starts `foveate serve` on this machine.",
        )
    return command[: command.index(_SERVE, 1)]


class Adding:
    """One program that adds a model. Any thread may read `status`."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str] = os.environ) -> None:
        """Start it. Whatever goes wrong is told by `status`."""
        self.status = AddStatus()  # replaced, never changed, by the thread that watches
        self._stopped = False  # by a person
        self._process: subprocess.Popen[str] | None = None
        output = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - the thread's
        try:
            self._process = _start(command, environ, output)
        except (OSError, ValueError, RuntimeError) as error:
            output.close()
            told = "The program cannot be started: {program} ({reason})."
            self._end(error=Sentence(told, program=command[0] if command else "", reason=why_not_started(error)))
            return
        arguments = (self._process, output)
        threading.Thread(target=self._watch, args=arguments, name="foveate-adding", daemon=True).start()

    def stop(self) -> None:
        """End it; what was fetched so far is used when it is tried again."""
        self._stopped = True
        process = self._process
        if process is None or process.poll() is not None:
            return
        process.terminate()
        threading.Timer(_STOP_SECONDS, process.kill).start()

    def _watch(self, process: subprocess.Popen[str], output: IO[str]) -> None:
        assert process.stderr is not None  # noqa: S101 - it was asked for
        with process.stderr, output:
            for line in process.stderr:
                if line.strip():
                    self.status = replace(self.status, lines=(*self.status.lines, line.strip())[-_LINES:])
            code = process.wait()
            output.seek(0)
            text = output.read()
        if self._stopped:
            self._end(error="Cancelled.")
        elif code:
            self._end(
                error=self.status.line
                or Sentence("The program ended with status {status}, without a word.", status=code)
            )
        else:
            self.status = _told(text, self.status.lines)

    def _end(self, *, error: str) -> None:
        self.status = AddStatus(is_running=False, lines=self.status.lines, error=error)


def _start(command: Sequence[str], environ: Mapping[str, str], output: IO[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        with_program_found(command, environ),
        stdout=output,
        stderr=subprocess.PIPE,
        errors="replace",
        **_surroundings(environ),
    )


def _surroundings(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return in what the program is run. Raises RuntimeError where this person has no home."""
    return {
        "stdin": subprocess.DEVNULL,
        "env": {**clean_environment(environ), "PYTHONUTF8": "1"},
        "cwd": Path.home(),
        "encoding": "utf-8",
        **_without_window(),
    }


def _told(text: str, lines: tuple[str, ...]) -> AddStatus:
    """Return the end that the program's JSON tells of."""
    try:
        row = json.loads(text)
    except ValueError:
        row = None
    name = row.get("name") if isinstance(row, dict) else None
    if not isinstance(name, str):
        error = "The program ended without telling which model it added."
        return AddStatus(is_running=False, lines=lines, error=error)
    title, kind, problem = (str(row.get(key) or "") for key in ("title", "kind", "problem"))
    return AddStatus(is_running=False, lines=lines, name=name, title=title or name, kind=kind, problem=problem)


if sys.platform == "win32":

    def _without_window() -> Mapping[str, Any]:
        """Return what keeps Windows from opening a console."""
        return {"creationflags": subprocess.CREATE_NO_WINDOW}

else:

    def _without_window() -> Mapping[str, Any]:
        """Return nothing: programs open no console here."""
        return {}
