"""GIMP with the plugin in it, and the tests' hands."""

from __future__ import annotations

import itertools
import json
import shutil
import textwrap
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fakes.models import MODELS
from foveate_server.operations.registry import operations
from foveate_server.plugins.bundle import make_bundle
from foveate_shared.editor import known_server
from foveate_shared.wire.protocol import OperationInfo
from hosts.lib.chroot import Chroot, Folder, Program
from hosts.lib.editions import chosen_edition
from hosts.lib.screen import Screen
from hosts.lib.waiting import wait_until

HERE = Path(__file__).parent
START_SECONDS = 300.0  # for hangs: a busy machine takes more than one minute
RC = '(config-version "{release}.4")\n(show-welcome-dialog no)\n(check-updates no)\n'
SAMPLES = {"u8": np.uint8, "u16": np.uint16, "u32": np.uint32, "half": np.float16, "float": np.float32, "double": float}
CHANNELS = {"RGBA": 4, "YA": 2, "Y": 1, "RGB": 3}


@dataclass
class Running:
    """A GIMP that runs."""

    folder: Folder
    program: Program
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def start(self, code: str, hand: str = "left", **values: object) -> Path:
        """Let a hand run a snippet, in which `values` are variables; return where its answer will be."""
        folder = self.folder.outside / "remote" / hand
        given = "".join(f"{name} = {value!r}\n" for name, value in values.items())
        name = f"{next(self.numbers):04}"
        unfinished = folder / f"{name}.new"
        unfinished.write_text(given + textwrap.dedent(code))
        unfinished.rename(folder / f"{name}.py")
        return folder / f"{name}.json"

    def answer(self, path: Path, timeout: float = 60.0):
        """Return a snippet's answer. Fails with its traceback where it raised."""
        __tracebackhide__ = True

        def look() -> bool:
            assert self.program.is_running, self.program.output[-4000:]
            return path.exists()

        wait_until(look, timeout, "an answer out of GIMP")
        outcome = json.loads(path.read_text())
        assert "error" not in outcome, outcome["error"]
        return outcome["answer"]

    def run(self, code: str, hand: str = "left", timeout: float = 60.0, **values: object):
        """Run a snippet and return its answer."""
        __tracebackhide__ = True
        return self.answer(self.start(code, hand, **values), timeout)

    def pixels(self, dump: Mapping[str, object]) -> NDArray:
        """Return dumped pixels as (height, width, channels)."""
        model, _, sample = str(dump["format"]).partition(" ")
        channels = CHANNELS[model.replace("'", "").replace("~", "")]
        name = Path(str(dump["path"])).name
        data = (self.folder.outside / name).read_bytes()
        return np.frombuffer(data, SAMPLES[sample]).reshape(dump["height"], dump["width"], channels)

    def check_output(self) -> None:
        """Fail where a plug-in said something that it must not say."""
        said = self.program.output
        for word in ("Traceback", "GEGL-CRITICAL", "LibGimp-CRITICAL", "Gimp-Core-CRITICAL", "GLib-GObject-CRITICAL"):
            assert word not in said, said[-4000:]


def configuration(folder: Folder) -> Path:
    """Return the folder in the home `folder` in which GIMP keeps what it is told."""
    return folder.outside / ".config/GIMP" / chosen_edition().editors["gimp"]


def install(
    folder: Folder, *, has_checkpoint: bool = True, known: Callable[[], Mapping[str, Any]] = operations
) -> None:
    """Put the plugin's bundle and the hands into the home `folder`.

    With `has_checkpoint` the plugin has seen our server with one before, so that the menu has all entries, or one with
    `known` operations; else it has seen no server.
    """
    home = configuration(folder)
    plug_ins = home / "plug-ins"
    bundle = make_bundle("gimp")
    for name, data in bundle.files.items():
        path = plug_ins / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        if bundle.is_executable(name):
            path.chmod(0o755)
    add_hands(folder)
    (home / "gimprc").write_text(RC.format(release=home.name))
    gtk = folder.outside / ".config/gtk-3.0/settings.ini"
    gtk.parent.mkdir(parents=True, exist_ok=True)
    gtk.write_text("[Settings]\ngtk-cursor-blink=0\ngtk-enable-animations=0\n")  # so that a window comes to rest
    if has_checkpoint:
        offered = tuple(OperationInfo(each.name, each.title, each.parameters.schema) for each in known().values())
        known_server.save(home / known_server.FILE_NAME, offered, MODELS)


def add_hands(folder: Folder) -> None:
    """Put the hands into the home `folder`."""
    target = configuration(folder) / "plug-ins/remote"
    shutil.copytree(HERE / "remote", target, ignore=shutil.ignore_patterns("__pycache__"))


@contextmanager
def gimp(chroot: Chroot, folder: Folder, env: Mapping[str, object], *, console: bool = True) -> Iterator[Running]:
    """Start GIMP in the home `folder`; give it once both hands are ready."""
    command = ["gimp-console", "-i", "--no-splash"] if console else ["gimp", "--no-splash"]
    values = {"FOVEATE_REMOTE": f"{folder.inside}/remote", **env}
    with chroot.running(command, folder=folder, env=values, log="gimp.log") as program:
        running = Running(folder, program)

        def ready() -> bool:
            assert program.is_running, program.output
            return all((folder.outside / "remote" / hand / "ready").exists() for hand in ("left", "right"))

        wait_until(ready, START_SECONDS, "GIMP")
        yield running
        running.check_output()


@contextmanager
def gimp_window(chroot: Chroot, folder: Folder, screen: Screen, size: tuple[int, int]) -> Iterator[Running]:
    """Start GIMP with its windows, the main one of `size`; also once more in a home in which it ran before."""
    shutil.rmtree(folder.outside / "remote", ignore_errors=True)  # answers of before are none to what is asked now
    with gimp(chroot, folder, screen.environment, console=False) as running:
        main = screen.wait_for_window("GNU Image")  # before, no picture can be shown
        screen.xdotool("windowsize", "--sync", main, *size)
        yield running


def blend(before: NDArray, patch: NDArray, coverage: NDArray) -> NDArray:
    """Return colours (float64) as the protocol wants them: `patch` over `before` by coverage (height, width, 1)."""
    return before + (patch.astype(float) - before) * coverage
