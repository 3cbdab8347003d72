"""Krita with the plugin and the driver in it, and the tests' hands."""

from __future__ import annotations

import itertools
import json
import shutil
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from foveate_server.plugins.bundle import make_bundle
from hosts.lib.chroot import Chroot, Folder, Program
from hosts.lib.screen import Screen
from hosts.lib.waiting import wait_until

HERE = Path(__file__).parent
START_SECONDS = 180.0
ORDER_SECONDS = 180.0  # for a snippet: upper bounds, for machines that are slower than ours
DESKTOP = "[Desktop Entry]\nType=Service\nServiceTypes=Krita/PythonPlugin\nX-KDE-Library=driver\nName=Driver\n"
KRITARC = "{general}[python]\nenable_foveate=true\n[theme]\nTheme={theme}\n"


@dataclass
class Running:
    """A Krita that runs."""

    folder: Folder
    program: Program
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def start(self, code: str, **values: object) -> Path:
        """Let Krita run a snippet, in which `values` are variables; return where its answer will be."""
        given = "".join(f"{name} = {value!r}\n" for name, value in values.items())
        order = self.folder.outside / "orders" / f"{next(self.numbers):04}.py"
        unfinished = order.with_suffix(".draft")
        unfinished.write_text(given + textwrap.dedent(code))
        unfinished.rename(order)
        return order.with_suffix(".json")

    def answer(self, path: Path, timeout: float = ORDER_SECONDS):
        """Return a snippet's answer. Fails with its trace where it raised, or where the plugin did."""
        __tracebackhide__ = True

        def look() -> bool:
            assert self.program.is_running, self._last_words()
            return path.exists()

        wait_until(look, timeout, "an answer out of Krita")
        outcome = json.loads(path.read_text())
        assert "error" not in outcome, outcome["error"]
        return outcome["answer"]

    def run(self, code: str, timeout: float = ORDER_SECONDS, **values: object):
        """Run a snippet and return what it leaves in `answer`."""
        __tracebackhide__ = True
        return self.answer(self.start(code, **values), timeout)

    def run_case(self, code: str, **values: object):
        """Run a snippet, then forget all jobs; return the snippet's answer."""
        __tracebackhide__ = True
        try:
            return self.run(code, **values)
        finally:
            if self.program.is_running:
                self.run("forget_all()")

    def quit(self) -> None:
        """Let Krita end as by its menu. Fails where it does not, or ends badly."""
        if self.program.is_running:
            self.start("forget_all()\napp.action('file_quit').trigger()")
        self.program.wait(ORDER_SECONDS).check()
        assert not (self.folder.outside / "orders/crash.txt").exists(), self._last_words()

    def _last_words(self) -> str:
        """Return the trace of an exception that nobody caught, or of a crash, or what Krita said."""
        orders = self.folder.outside / "orders"
        traces = [path.read_text() for path in (orders / "crash.txt", orders / "fault.txt") if path.exists()]
        return "\n".join(traces).strip() or self.program.output[-4000:]


@contextmanager
def krita(
    chroot: Chroot,
    screen: Screen,
    folder: Folder,
    env: Mapping[str, object],
    theme: str = "Krita dark",
    *,
    opengl: bool = True,
) -> Iterator[Running]:
    """Give a Krita whose home is `folder`, with the plugin as its bundle installs it."""
    _install(folder, theme, "" if opengl else "useOpenGL=false\n")
    with installed_krita(chroot, screen, folder, env) as running:
        yield running


@contextmanager
def installed_krita(chroot: Chroot, screen: Screen, folder: Folder, env: Mapping[str, object]) -> Iterator[Running]:
    """Give a Krita with the plugin that its home `folder` has; the driver comes to it."""
    _add_driver(folder)
    orders = folder / "orders"
    shutil.rmtree(orders.outside, ignore_errors=True)  # those of a Krita that ran before in the same home
    orders.outside.mkdir()
    values = {**screen.environment, "DRIVER_FOLDER": orders.inside, **env}
    with chroot.running(["krita", "--nosplash"], folder=folder, env=values, log="krita.log") as program:
        running = Running(folder, program)
        running.run("answer = app.version()", START_SECONDS)
        yield running
        running.quit()


def _install(folder: Folder, theme: str, general: str) -> None:
    resources = folder.outside / ".local/share/krita"
    for name, data in make_bundle("krita").files.items():
        target = resources / ("actions" if name.endswith(".action") else "pykrita") / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    (folder.outside / ".config").mkdir(exist_ok=True)
    (folder.outside / ".config/kritarc").write_text(KRITARC.format(theme=theme, general=general))


def _add_driver(folder: Folder) -> None:
    plugins, kritarc = folder.outside / ".local/share/krita/pykrita", folder.outside / ".config/kritarc"
    shutil.copytree(
        HERE / "driver", plugins / "driver", ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True
    )
    (plugins / "driver.desktop").write_text(DESKTOP)
    kritarc.write_text(kritarc.read_text().replace("[python]\n", "[python]\nenable_driver=true\n"))
