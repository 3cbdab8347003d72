"""Blender with the extension in it, and the tests' hand."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from foveate_server.plugins.bundle import make_bundle
from hosts.lib.chroot import Chroot, Folder, Program
from hosts.lib.waiting import wait_until

HERE = Path(__file__).parent
START_SECONDS = 90.0
ERROR_STATUS = "7"  # of a Blender whose Python raised: without it, errors end with 0
# A job on an image of its own: from kind, colour space and preparation to what was there and what came.
RUN = """
for image in [image for image in bpy.data.images if image.name in {"in", "out"}]:
    bpy.data.images.remove(image)
scene = bpy.context.scene
scene.render.use_border = False
image = put("in", "in", colorspace, alpha_mode)
exec(prepare)
getattr(bpy.ops.foveate, operation)(image="in", result="out", **arguments)
answer = {"in": grab(image, "before"), "out": grab(bpy.data.images["out"], "after")}
"""


@dataclass
class Running:
    """A Blender that runs."""

    folder: Path  # the hand's, as we see it
    program: Program
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def start(self, code: str, **values: object) -> Path:
        """Let the hand run a snippet, in which `values` are variables; return where its answer will be."""
        given = "".join(f"{name} = {value!r}\n" for name, value in values.items())
        unfinished = self.folder / f"{next(self.numbers):04}.new"
        unfinished.write_text(given + textwrap.dedent(code))
        unfinished.rename(unfinished.with_suffix(".py"))
        return unfinished.with_suffix(".json")

    def answer(self, path: Path, timeout: float = 60.0):
        """Return a snippet's answer. Fails with its traceback where it raised."""
        __tracebackhide__ = True

        def look() -> bool:
            assert self.program.is_running, self.program.output[-4000:]
            self.check_output()
            return path.exists()

        wait_until(look, timeout, "an answer out of Blender")
        outcome = json.loads(path.read_text())
        assert "error" not in outcome, outcome["error"]
        return outcome["answer"]

    def run(self, code: str, timeout: float = 60.0, **values: object):
        """Run a snippet and return its answer."""
        __tracebackhide__ = True
        return self.answer(self.start(code, **values), timeout)

    def wait_for(self, expression: str, timeout: float = 60.0):
        """Wait until an expression is true."""
        __tracebackhide__ = True
        return wait_until(lambda: self.run(f"answer = bool({expression})"), timeout, expression)

    def save(self, name: str, samples: NDArray) -> None:
        """Let the hand's `put` find an array."""
        np.save(self.folder / f"{name}.npy", samples)

    def load(self, name: str) -> NDArray[np.float32]:
        """Return what the hand's `grab` has written."""
        return np.load(self.folder / f"{name}.npy")

    def check_output(self) -> None:
        """Fail where Python raised in a place that only prints it."""
        assert "Traceback" not in self.program.output, self.program.output[-6000:]

    def quit(self) -> None:
        """Let a Blender without windows end by itself, and demand that it ends well."""
        (self.folder / "quit").touch()
        self.program.wait(90).check()
        self.check_output()


def install(chroot: Chroot, folder: Folder) -> None:
    """Build, validate and install the extension in the home `folder`, as the README tells a new user."""
    bundle = make_bundle("blender")
    (folder / bundle.name).outside.write_bytes(bundle.to_zip())
    for command in (
        ("validate", bundle.name),
        ("install-file", "--repo", "user_default", "--enable", bundle.name),
    ):
        done = chroot.run(["blender", "--command", "extension", *command], folder=folder, timeout=60.0).check()
        assert "Traceback" not in done.output, done.output
        assert "WARN" not in done.output.upper(), done.output


@contextmanager
def blender(
    chroot: Chroot, folder: Folder, env: Mapping[str, object], arguments: Sequence[object] = ("--background",)
) -> Iterator[Running]:
    """Start Blender in the home `folder`; give it once the hand is ready."""
    remote = _remote(folder.outside)
    inside = f"{folder.inside}/{remote.name}"
    command = ["blender", *arguments, "--python-exit-code", ERROR_STATUS, "--python", f"{inside}/hand.py"]
    values = {"FOVEATE_REMOTE": inside, **env}
    with chroot.running(command, folder=folder, env=values, log=f"{remote.name}.log") as program:
        running = _once_ready(remote, program)
        yield running
        running.check_output()


def _remote(folder: Path) -> Path:
    remote = next(path for n in itertools.count() if not (path := folder / f"remote{n}").exists())
    remote.mkdir()
    shutil.copy(HERE / "hand.py", remote)
    return remote


def _once_ready(remote: Path, program: Program) -> Running:
    def ready() -> bool:
        assert program.is_running, program.output
        return (remote / "ready").exists()

    wait_until(ready, START_SECONDS, "Blender")
    return Running(remote, program)


@contextmanager
def blender_module(python: Path, folder: Path, env: Mapping[str, object]) -> Iterator[Running]:
    """Start bpy, a Blender without a program, outside of the chroot, with the extension in the home `folder`."""
    remote = _remote(folder)
    home = folder / "blender"
    for name, data in make_bundle("blender").files.items():
        path = home / "extensions/user_default/foveate" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    log = folder / "bpy.log"
    values = {**os.environ, "BLENDER_USER_RESOURCES": str(home), "FOVEATE_REMOTE": str(remote), **env}
    code = (
        "import bpy, runpy\n"
        "bpy.ops.preferences.addon_enable(module='bl_ext.user_default.foveate')\n"
        f"runpy.run_path({str(remote / 'hand.py')!r})\n"
        "bpy.ops.preferences.addon_disable(module='bl_ext.user_default.foveate')\n"
    )
    with log.open("wb") as output:
        command = (str(python), "-c", code)
        process = subprocess.Popen(
            command, env={name: str(value) for name, value in values.items()}, stdin=subprocess.DEVNULL,
            stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    program = Program(command, process, log)
    try:
        yield _once_ready(remote, program)
    finally:
        program.kill()
