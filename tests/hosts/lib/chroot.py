"""Programs in the chroot: run to their end, or started, watched and ended; with folders of their own."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "LANGUAGE": "en"}
DIES_WITH_US = ("setpriv", "--pdeathsig", "KILL")  # no editor stays behind where the test run is killed
SHOWN_LINES = 60  # of what a program said, when it failed


@dataclass(frozen=True)
class Completed:
    """How a program ended."""

    command: tuple[str, ...]
    status: int  # negative: the signal that ended it
    output: str  # stdout and stderr as they came
    seconds: float

    def check(self, status: int = 0) -> Completed:
        """Return self. Fails, showing what the program said, where it ended otherwise."""
        __tracebackhide__ = True
        if self.status != status:
            said = "\n".join(self.output.splitlines()[-SHOWN_LINES:])
            raise AssertionError(f"{self.command} ended with {self.status}, not {status}:\n{said}")
        return self


@dataclass(frozen=True)
class Folder:
    """A folder that both sides see: `inside` for programs in the chroot, `outside` for us."""

    inside: str
    outside: Path

    def __truediv__(self, name: str) -> Folder:
        return Folder(f"{self.inside}/{name}", self.outside / name)

    def __str__(self) -> str:
        return self.inside


@dataclass
class Program:
    """A program in the chroot that was started."""

    command: tuple[str, ...]
    process: subprocess.Popen[bytes]
    log: Path
    started: float = field(default_factory=time.monotonic)

    @property
    def output(self) -> str:
        """Return what it has said so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    @property
    def is_running(self) -> bool:
        """Tell whether it has not ended yet."""
        return self.process.poll() is None

    def wait(self, timeout: float) -> Completed:
        """Wait for its end. Fails, showing what it said, where that takes longer than `timeout` seconds."""
        __tracebackhide__ = True
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            said = "\n".join(self.output.splitlines()[-SHOWN_LINES:])
            raise AssertionError(f"{self.command} did not end within {timeout} s:\n{said}") from None
        return Completed(self.command, status, self.output, time.monotonic() - self.started)

    def kill(self, with_signal: int = signal.SIGKILL) -> None:
        """End it and all that it has started."""
        if self.is_running:
            os.killpg(self.process.pid, with_signal)
        self.process.wait()


@dataclass
class Chroot:
    """A Debian system in a folder."""

    root: Path
    session: str  # distinguishes the folders of test sessions that run at once
    needs_mounts: bool = False  # /proc and /dev, which are mounted where its programs alone see it
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def folder(self, name: str) -> Folder:
        """Make an empty folder that both sides see; :meth:`clean` removes it."""
        inside = f"/tmp/foveate-{self.session}/{name}-{next(self._numbers)}"
        folder = Folder(inside, self.outside(inside))
        folder.outside.mkdir(parents=True, mode=0o700)
        return folder

    def outside(self, inside: str | Path) -> Path:
        """Return where we see a path of the chroot."""
        return self.root / str(inside).lstrip("/")

    def left_running(self) -> dict[int, str]:
        """Return the commands of this session's programs that have not ended, by process id, servers outside included.

        They are known by their environment: it names folders of the session.
        """
        mark = f"/tmp/foveate-{self.session}/".encode()
        found = {}
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):  # it ended meanwhile
                if mark in (process / "environ").read_bytes():
                    command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                    found[int(process.name)] = command.strip()
        return found

    def clean(self) -> None:
        """Remove all folders of this session."""
        shutil.rmtree(self.outside(f"/tmp/foveate-{self.session}"), ignore_errors=True)

    def start(
        self, command: Sequence[object], *, folder: Folder, env: Mapping[str, object] | None = None, log: str = ""
    ) -> Program:
        """Start a program in `folder`, which is its HOME too unless `env` says otherwise.

        Of our own environment it sees nothing. What it says goes to the file `log` in the folder.
        """
        words = tuple(str(word) for word in command)
        values = {**ENVIRONMENT, "HOME": folder.inside, "XDG_RUNTIME_DIR": folder.inside, **(env or {})}
        assignments = [f"{name}={value}" for name, value in values.items()]
        path = folder.outside / (log or f"{Path(words[0]).name}-{next(self._numbers)}.log")
        with path.open("wb") as output:
            process = subprocess.Popen(
                [*DIES_WITH_US, *self.way_in(), "env", "-i", "-C", folder.inside, *assignments, *words],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return Program(words, process, path)

    @contextmanager
    def running(
        self, command: Sequence[object], *, folder: Folder, env: Mapping[str, object] | None = None, log: str = ""
    ) -> Iterator[Program]:
        """Start a program, and end it with all that it has started when the block is left."""
        program = self.start(command, folder=folder, env=env, log=log)
        try:
            yield program
        finally:
            program.kill()

    def run(
        self,
        command: Sequence[object],
        *,
        folder: Folder,
        env: Mapping[str, object] | None = None,
        timeout: float = 120.0,
        log: str = "",
    ) -> Completed:
        """Run a program to its end. See :meth:`start`; call `check()` on what is returned."""
        __tracebackhide__ = True
        with self.running(command, folder=folder, env=env, log=log) as program:
            return program.wait(timeout)

    def way_in(self) -> list[str]:
        """Return the beginning of a command that is to run inside."""
        if not self.needs_mounts:
            return ["chroot", str(self.root)]
        mounts = " && ".join(f"mount --rbind /{name} {self.root}/{name}" for name in ("proc", "dev"))
        return ["unshare", "--mount", "sh", "-c", f'{mounts} && exec chroot {self.root} "$@"', "sh"]

    def copy_in(self, source: Path, target: Folder) -> None:
        """Copy a file or a folder of ours to `target`."""
        target.outside.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target.outside, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target.outside)
