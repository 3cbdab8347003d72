"""A person's first run: the plugin installed from the command line, in an empty home, with no `foveate` on the path.

Installer and server run outside the chroot, the editor within. So that each path means the same to both, the chroot has
a link to itself where it lies outside; and at the path of our Python it has a script that runs the real one outside,
with the words and the environment that it was given.
"""

from __future__ import annotations

import json
import os
import shlex
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import platformdirs
import skimage.data
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from hosts.lib.chroot import DIES_WITH_US, ENVIRONMENT, Chroot, Folder

SIDE = 384  # of the photo
FACE = (slice(20, 180), slice(110, 240))  # where all that changes lies: rows, columns
JOB_SECONDS = 400.0  # for the server's start, its models, and the face
_EDITOR = """#!/bin/sh
exec {way_in} env {environment} HOME={home} TMPDIR={home} {editor} "$@"
"""
_OUR_PYTHON = """#!/usr/bin/python3
import json, os, socket, sys
with socket.create_connection(("127.0.0.1", {port})) as link, link.makefile("rw", encoding="utf-8") as lines:
    print(json.dumps([sys.argv[1:], dict(os.environ)]), file=lines, flush=True)
    for line in lines:
        said = json.loads(line)
        if isinstance(said, int):
            sys.exit(said)
        print(said, end="", flush=True)
sys.exit("the program outside has gone")
"""


@dataclass(frozen=True)
class NewUser:
    """Somebody who has an editor, and has installed Foveate for the first time."""

    chroot: Chroot
    home: Folder  # its path is the same inside and outside
    programs: Path  # the folder with the editors, as the person outside starts them

    def foveate(self, *words: str, status: int = 0) -> str:
        """Run `foveate` in the person's terminal; return what it says. Fails where its exit status is another one."""
        environ = {"HOME": str(self.home), "PATH": f"{self.programs}:{ENVIRONMENT['PATH']}", "TMPDIR": str(self.home)}
        command = [sys.executable, "-m", "foveate_server", *words]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout

    def photo(self) -> NDArray[np.uint8]:
        """Return a photo of one face, a little soft, as (SIDE, SIDE, 4) of RGBA; it lies at home, too, as photo.png."""
        picture = Image.fromarray(skimage.data.astronaut()).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
        picture = picture.filter(ImageFilter.GaussianBlur(1.4)).convert("RGBA")
        picture.save(self.home.outside / "photo.png")
        return np.asarray(picture)


@contextmanager
def new_user(chroot: Chroot) -> Iterator[NewUser]:
    """Give a person whose home is empty."""
    _link_to_itself(chroot)
    outside = chroot.folder("new-user").outside
    home, programs = Folder(str(outside), outside), chroot.folder("programs").outside
    environment = " ".join(f"{name}={value}" for name, value in ENVIRONMENT.items())
    for editor in ("krita", "kritarunner", "gimp", "gimp-console", "blender"):
        text = _EDITOR.format(way_in=shlex.join(chroot.way_in()), environment=environment, home=home, editor=editor)
        (programs / editor).write_text(text)
        (programs / editor).chmod(0o755)
    with _our_python(chroot):
        yield NewUser(chroot, home, programs)


def expect_a_face_in_focus(before: NDArray, after: NDArray) -> None:
    """Fail where anything but the photo's face has changed, or nothing."""
    changed = (before != after).any(axis=2)
    rows, columns = (np.flatnonzero(changed.any(axis=axis)) for axis in (1, 0))
    assert changed[FACE].mean() > 0.1
    changed[FACE] = False
    assert not changed.any(), f"rows {rows.min()} to {rows.max()}, columns {columns.min()} to {columns.max()} changed"


def _link_to_itself(chroot: Chroot) -> None:
    link = chroot.outside(chroot.root)
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink():
        link.symlink_to("/")


@contextmanager
def _our_python(chroot: Chroot) -> Iterator[None]:
    """Let the chroot have our Python, at its own path, for the time of the block."""
    script = chroot.outside(sys.executable)
    assert not script.exists(), f"the chroot has a program at {sys.executable}"
    script.parent.mkdir(parents=True, exist_ok=True)
    with _Outside() as server:
        threading.Thread(target=server.serve_forever, name="our-python", daemon=True).start()
        script.write_text(_OUR_PYTHON.replace("{port}", str(server.server_address[1])))
        script.chmod(0o755)
        try:
            yield
        finally:
            script.unlink()
            server.shutdown()
            server.end_programs()


class _Outside(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Call)
        self.programs: list[subprocess.Popen[str]] = []

    def end_programs(self) -> None:
        for program in self.programs:
            program.terminate()
            program.wait()


class _Call(socketserver.StreamRequestHandler):
    server: _Outside

    def handle(self) -> None:
        words, environ = json.loads(self.rfile.readline())
        cache = str(platformdirs.user_cache_path("foveate"))  # where models are that were fetched before
        program = subprocess.Popen(
            [*DIES_WITH_US, sys.executable, *words],
            env={**environ, "FOVEATE_CACHE_DIR": os.environ.get("FOVEATE_CACHE_DIR", cache)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        self.server.programs.append(program)
        assert program.stdout is not None
        with program.stdout:
            for line in program.stdout:
                self._tell(line)
        self._tell(program.wait())

    def _tell(self, said: str | int) -> None:
        self.wfile.write(json.dumps(said).encode() + b"\n")
