"""The server as a process outside the chroot, and a way for a plugin inside to start it.

The virtual environment is not in the chroot. So the command that a plugin finds there is a script which asks us,
through a named pipe, and then passes on what the real server says, until that has ended.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from foveate_shared.connection.running_server import RUNTIME_FILE_VARIABLE, RunningServer, read_runtime_file
from hosts.lib.chroot import DIES_WITH_US, Chroot, Folder
from hosts.lib.waiting import wait_until

TESTS = Path(__file__).parents[2]
DETERMINISTIC = "foveate_server.engines.deterministic.engine:configured_spec"
SLOW = "fakes.engines:slow"  # deterministic, and it takes its time
REAL = "foveate_server.engines.engine_specs:suite_spec"  # with the embedded weights
START_SECONDS = 60.0
SCRIPT = """#!/bin/sh
# Asks the watcher outside for a server; `answer` ends when the server has ended.
[ "$1" = serve ] || exit 2
echo "start ${FOVEATE_RUNTIME_FILE}" >"{requests}"
exec cat "{answer}"
"""


@dataclass
class Server:
    """A server outside, which programs inside reach through the loopback interface."""

    folder: Path  # all that it keeps lies here
    runtime_file: Path  # as we see it
    engine: str = DETERMINISTIC
    settings: Mapping[str, str] = field(default_factory=dict)  # FOVEATE_* in its environment
    module: str = "foveate_server"  # which serves
    process: subprocess.Popen[bytes] | None = None

    def start(self, output: int = subprocess.DEVNULL) -> None:
        """Start it; see :meth:`wait_until_ready`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.process = subprocess.Popen(
            [*DIES_WITH_US, sys.executable, "-m", self.module, "serve"],
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )

    def wait_until_ready(self) -> RunningServer:
        """Return what its runtime file says, once it is this process that says it."""

        def look() -> RunningServer | None:
            assert self.process is not None
            assert self.process.poll() is None, f"the server ended; see {self.folder / 'log'}"
            running = read_runtime_file(self.runtime_file)
            return running if running and running.pid == self.process.pid else None

        return wait_until(look, START_SECONDS, "the server")

    def kill(self) -> None:
        """End it without a warning, as a power cut would."""
        self._end(subprocess.Popen.kill)

    def stop(self) -> None:
        """Let it end as it wants to."""
        self._end(subprocess.Popen.terminate)

    def restart(self) -> RunningServer:
        """Kill it, start it anew on the same folder, and wait until it is ready."""
        self.kill()
        self.start()
        return self.wait_until_ready()

    def _end(self, how: Callable[[subprocess.Popen[bytes]], None]) -> None:
        if self.process is not None:
            how(self.process)
            self.process.wait()
            self.process = None

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "FOVEATE_DATA_DIR": str(self.folder / "data"),
            "FOVEATE_LOG_DIR": str(self.folder / "log"),
            RUNTIME_FILE_VARIABLE: str(self.runtime_file),
            "FOVEATE_ENGINE": self.engine,
            "PYTHONPATH": str(TESTS),
            **self.settings,
        }


@contextmanager
def foveate_server(
    folder: Path, runtime_file: Path, engine: str = DETERMINISTIC, module: str = "foveate_server", **settings: str
) -> Iterator[Server]:
    """Give a server that is ready; it is ended with the block.

    `settings` are the server's by name, such as ``idle_exit_minutes="1"``; the default engine is the
    deterministic one.
    """
    named = {f"FOVEATE_{name.upper()}": value for name, value in settings.items()}
    server = Server(folder, runtime_file, engine, named, module)
    server.start()
    try:
        server.wait_until_ready()
        yield server
    finally:
        server.stop()


@dataclass
class Launcher:
    """A command in the chroot that starts a server outside."""

    chroot: Chroot
    folder: Folder
    engine: str
    servers: list[Server] = field(default_factory=list)  # that were started, oldest first

    @property
    def command(self) -> list[str]:
        """Return the command, for a plugin's settings."""
        return [(self.folder / "foveate").inside, "serve"]

    def write(self) -> None:
        """Make the script and its two pipes."""
        script, requests, answer = (self.folder / name for name in ("foveate", "requests", "answer"))
        os.mkfifo(requests.outside)
        os.mkfifo(answer.outside)
        text = SCRIPT.replace("{requests}", requests.inside).replace("{answer}", answer.inside)
        script.outside.write_text(text)
        script.outside.chmod(0o755)

    def watch(self) -> None:
        """Start a server for each request, until an empty line comes."""
        with os.fdopen(self._open_requests(), "rb") as requests:
            for line in requests:
                word, _, path = line.decode().strip().partition(" ")
                if word != "start":
                    return
                self._start(path)

    def end(self) -> None:
        """End the watcher and all servers."""
        requests = self._open_requests()
        os.write(requests, b"\n")
        os.close(requests)
        for server in self.servers:
            server.stop()

    def _open_requests(self) -> int:
        return os.open((self.folder / "requests").outside, os.O_RDWR)  # so it neither blocks nor ends by itself

    def _start(self, runtime_file: str) -> None:
        server = Server(self.folder.outside / "server", self.chroot.outside(runtime_file), self.engine)
        self.servers.append(server)
        # What the server says goes to whoever asked; its end closes the pipe, and so ends the script.
        output = os.open((self.folder / "answer").outside, os.O_WRONLY)
        with contextlib.closing(os.fdopen(output, "wb")):
            server.start(output)


@contextmanager
def launcher(chroot: Chroot, engine: str = DETERMINISTIC) -> Iterator[Launcher]:
    """Give a command that starts servers; they are ended with the block."""
    made = Launcher(chroot, chroot.folder("launcher"), engine)
    made.write()
    watcher = threading.Thread(target=made.watch, name="launcher", daemon=True)
    watcher.start()
    try:
        yield made
    finally:
        made.end()
        watcher.join(5)
