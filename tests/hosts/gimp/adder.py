"""The command `foveate models add` for a plugin inside the chroot: it is run outside, where Foveate is installed."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hosts.lib.chroot import Chroot, Folder
from hosts.lib.waiting import wait_until

SECONDS = 100.0
SCRIPT = """#!/bin/sh
# Hands its arguments over, and says what is answered.
cd "{folder}" || exit 1
printf '%s\\n' "$@" >request
cat answer
cat said >&2
exit "$(cat status)"
"""


@dataclass(frozen=True)
class Adder:
    """A command, and what came of it."""

    folder: Folder

    @property
    def command(self) -> tuple[str, ...]:
        """Return it as a plugin's settings name it: with what starts a server, which it does not do."""
        return (self.folder / "foveate").inside, "serve"

    def wait(self) -> str:
        """Wait until a model was added; return what the command said on its way. Fails where it failed."""
        wait_until((self.folder / "ended").outside.exists, SECONDS, "the end of the command")
        said = (self.folder / "said").outside.read_text()
        assert (self.folder / "status").outside.read_text() == "0", said
        return said


@contextmanager
def adder(chroot: Chroot, home: Path) -> Iterator[Adder]:
    """Give a command whose `models add` adds models to the server that keeps its things in `home`."""
    folder = chroot.folder("adder")
    for name in ("request", "answer"):
        os.mkfifo((folder / name).outside)
    script = (folder / "foveate").outside
    script.write_text(SCRIPT.replace("{folder}", folder.inside))
    script.chmod(0o755)
    watcher = threading.Thread(target=_watch, args=(chroot, folder, home), name="adder", daemon=True)
    watcher.start()
    try:
        yield Adder(folder)
    finally:
        descriptor = os.open((folder / "request").outside, os.O_RDWR)  # so it does not block where nobody reads
        os.write(descriptor, b"\n")
        watcher.join(5)
        os.close(descriptor)


def _watch(chroot: Chroot, folder: Folder, home: Path) -> None:
    """Carry out one request after the other, until an empty one comes."""
    places = {"FOVEATE_DATA_DIR": str(home / "data"), "FOVEATE_CACHE_DIR": str(home / "cache")}
    while words := (folder / "request").outside.read_text().split("\n"):
        if not words[0]:
            return
        words = [str(chroot.outside(word)) if word.startswith("/") else word for word in words if word]
        done = subprocess.run(
            [sys.executable, "-m", "foveate_server", *words],
            env={**os.environ, **places},
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
        (folder / "said").outside.write_bytes(done.stderr)
        (folder / "status").outside.write_text(str(done.returncode))
        (folder / "answer").outside.write_bytes(done.stdout)
        if words[0] == "models":
            (folder / "ended").outside.touch()
