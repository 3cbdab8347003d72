"""A real server in a home of its own, whose processes can be killed, and started again where clients look for it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from fakes.workplace import Workplace
from foveate_shared.connection.client import Client
from foveate_shared.connection.running_server import find_server, read_runtime_file
from foveate_shared.connection.websocket import ServerAddress
from foveate_shared.wire.protocol import Peer

LOOK_SECONDS = 0.02
START_SECONDS = 200.0
FORGETTING_SECONDS = 10.0
SPOOL = Path("home", "data", "foveate", "spool", "jobs")


class ServerUnderTest:
    """One server at a time, always on the same port and with the same jobs. Use it as a context manager."""

    def __init__(self, folder: Path, engine: str, extra: dict[str, str] | None = None) -> None:
        self.place = Workplace(folder, engine=engine, extra=extra or {})
        self._port = _free_port()
        self._process: subprocess.Popen[str] | None = None
        self._output = folder / "server-output"
        folder.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> ServerUnderTest:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait()

    def start(self) -> None:
        """Start a server and wait until clients can find it."""
        with self._output.open("a") as output:
            self._process = subprocess.Popen(
                [self.place.python, "-m", "foveate_server", "serve", "--quiet", "--port", str(self._port)],
                cwd=self.place.folder,
                env=self.place.environment,
                stdout=output,
                stderr=output,
            )
        deadline = time.monotonic() + START_SECONDS
        while (running := read_runtime_file(self.place.runtime_file)) is None or running.pid != self.pid:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"The server did not start:\n{self._output.read_text()[-2000:]}")
            time.sleep(LOOK_SECONDS)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def address(self) -> ServerAddress:
        return find_server(self.place.runtime_file)

    def client(self, name: str) -> Client:
        """Return a client that looks for the server anew before each attempt, as editors do."""
        return Client(lambda: self.address, name, Peer("campaign", "1"))

    def kill(self) -> None:
        """Kill the server; its workers end with it."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def kill_worker(self) -> bool:
        """Kill a worker; return whether there was one."""
        for pid in self.workers():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                return True
        return False

    def workers(self) -> list[int]:
        """Return the processes that the server has started."""
        try:
            return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]
        except OSError:
            return []

    def left_behind(self) -> list[str]:
        """Return which jobs the server still keeps, some time after an acknowledgement may have reached it."""
        deadline = time.monotonic() + FORGETTING_SECONDS
        while left := sorted(path.name for path in (self.place.folder / SPOOL).glob("*")):
            if time.monotonic() > deadline:
                break
            time.sleep(LOOK_SECONDS)
        return left

    def complaints(self) -> list[str]:
        """Return what the server printed and logged that nobody foresaw: lines, and of each traceback the error."""
        logs = (path for path in (self.place.folder / "home" / "log").glob("*") if path.is_file())
        lines = [line for path in (*logs, self._output) for line in path.read_text(errors="replace").splitlines()]
        found, in_traceback = [], False
        for line in lines:
            if line.startswith("Traceback"):
                in_traceback = True
            elif "unexpectedly" in line or (in_traceback and not line.startswith((" ", "Traceback"))):
                found.append(line)
                in_traceback = False
        return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
