"""A home of its own for a real server in a process of its own, and the command line as a person runs it."""

import contextlib
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from unittest import mock

from foveate_server.cli.main import main
from foveate_shared.connection.running_server import read_runtime_file

TESTS = Path(__file__).parents[1]
START_SECONDS = 200
EXACT = "foveate_server.engines.deterministic.engine:configured_spec"
SLOW = "fakes.engines:slow"
ENDLESS = "fakes.engines:endless"


def _hear_ctrl_c() -> None:
    """A test run in a shell's background has Ctrl+C ignored, and its children would inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@dataclass
class Workplace:
    """A home of its own for one server and its clients."""

    folder: Path
    engine: str = EXACT
    server: str = "foveate_server"  # the module that serves
    extra: dict[str, str] = field(default_factory=dict)
    python: str = sys.executable

    @property
    def environment(self) -> dict[str, str]:
        """Everything that Foveate reads or writes lies in the folder; only models come from the usual cache."""
        home = self.folder / "home"
        return {
            **os.environ,
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_DATA_HOME": str(home / "data"),
            "FOVEATE_DATA_DIR": str(home / "data" / "foveate"),
            "FOVEATE_LOG_DIR": str(home / "log"),
            "FOVEATE_RUNTIME_FILE": str(home / "run" / "server.json"),
            "FOVEATE_ENGINE": self.engine,
            "PYTHONPATH": str(TESTS),
            "PYTHONUNBUFFERED": "",  # as a person's: what nobody flushes stays in the pipe
            "FOVEATE_DEBUG": "1",
            **self.extra,
        }

    def start(self, *arguments: str, module: str = "foveate_server", **how: object) -> "subprocess.Popen[str]":
        """Start a command in the folder."""
        return subprocess.Popen(
            [self.python, "-m", module, *map(str, arguments)],
            cwd=self.folder,
            env=self.environment,
            preexec_fn=_hear_ctrl_c,  # noqa: PLW1509 - no thread of ours holds a lock that it could need
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | how,
        )

    def foveate(self, *arguments: str, status: int = 0) -> "subprocess.CompletedProcess[str]":
        """Run a command, which must end with `status`, and return what it said.

        It runs in this process where that is the same: starting Python and importing all of it takes ten times as long.
        """
        has_packages_of_its_own = self.python != sys.executable or "PYTHONPATH" in self.extra
        ended = self.in_a_process(*arguments) if has_packages_of_its_own else self._run_here(arguments)
        assert ended.returncode == status, ended.stderr
        assert "Traceback" not in ended.stderr
        return ended

    def in_a_process(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a command as a shell does, and return what it said and how it ended."""
        with self.start(*arguments) as process:
            output, errors = process.communicate(timeout=200)
        return subprocess.CompletedProcess(process.args, process.returncode, output, errors)

    def _run_here(self, arguments: Sequence[object]) -> "subprocess.CompletedProcess[str]":
        told, complained = io.StringIO(), io.StringIO()
        with (
            mock.patch.dict(os.environ, self.environment, clear=True),
            contextlib.chdir(self.folder),
            contextlib.redirect_stdout(told),
            contextlib.redirect_stderr(complained),
        ):
            try:
                status = main([str(argument) for argument in arguments])
            except SystemExit as leaving:  # argparse's way to end
                status = int(leaving.code or 0)
        return subprocess.CompletedProcess(arguments, status, told.getvalue(), complained.getvalue())

    @property
    def runtime_file(self) -> Path:
        """Where clients find the server."""
        return Path(self.environment["FOVEATE_RUNTIME_FILE"])

    def end_started_server(self) -> None:
        """End a server that a command has started."""
        running = read_runtime_file(self.runtime_file)
        if running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(running.pid, signal.SIGTERM)

    @contextlib.contextmanager
    def serving(self, *arguments: str):
        """Run a server; give its process once clients can find it."""
        process = self.start("serve", "--quiet", *arguments, module=self.server)
        try:
            deadline = time.monotonic() + START_SECONDS
            while not self.runtime_file.exists():
                assert process.poll() is None, process.communicate()[1]
                assert time.monotonic() < deadline
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(0.02)
            yield process
        finally:
            process.terminate()
            process.communicate()


def without_packages(workplace: Workplace) -> Workplace:
    """Return the same place for commands that know no packages of its own, whatever its server knows."""
    return replace(workplace, extra={name: value for name, value in workplace.extra.items() if name != "PYTHONPATH"})
