"""A screen that nobody sees: Xvfb in the chroot, its keys and mouse, and pictures of it kept as artefacts."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hosts.lib.chroot import Chroot, Completed, Folder
from hosts.lib.waiting import wait_until

START_SECONDS = 20.0


@dataclass(frozen=True)
class Screen:
    """A display and how to use it from outside."""

    chroot: Chroot
    folder: Folder
    display: str  # such as ":81"
    artefacts: Path  # where pictures go

    @property
    def environment(self) -> Mapping[str, str]:
        """Return what a program needs to show itself here, drawn by the processor alone."""
        return {"DISPLAY": self.display, "LIBGL_ALWAYS_SOFTWARE": "1", "QT_QPA_PLATFORM": "xcb", "GDK_BACKEND": "x11"}

    def screenshot(self, name: str) -> Path:
        """Keep what is on the screen as the artefact NAME.png, and return its path."""
        picture = self.folder / f"{name}.png"
        self._run("import", "-display", self.display, "-window", "root", picture.inside).check()
        self.artefacts.mkdir(parents=True, exist_ok=True)
        return Path(shutil.copy(picture.outside, self.artefacts / f"{name}.png"))

    def xdotool(self, *arguments: object) -> str:
        """Run xdotool, which must succeed, and return what it prints."""
        return self._run("xdotool", *arguments).check().output.strip()

    def windows(self, title: str) -> list[str]:
        """Return the ids of the visible windows whose title matches the regular expression, maybe none."""
        return self._run("xdotool", "search", "--onlyvisible", "--name", title).output.split()

    def wait_for_window(self, title: str, timeout: float = 60.0) -> str:
        """Return the id of a window with the title as soon as there is one; the newest where there are more."""
        return wait_until(lambda: self.windows(title), timeout, f"a window called {title!r}")[-1]

    def _run(self, *command: object) -> Completed:
        return self.chroot.run(command, folder=self.folder, env=self.environment, timeout=60.0)


@contextmanager
def xvfb(
    chroot: Chroot, artefacts: Path, *, display: int | None = None, size: tuple[int, int] = (1600, 1000)
) -> Iterator[Screen]:
    """Give a screen; its number is a free one unless `display` names one."""
    folder = chroot.folder("screen")
    number = folder / "display"
    command = f"exec Xvfb {f':{display}' if display is not None else ''} -displayfd 3 -screen 0 {size[0]}x{size[1]}x24 "
    command += f"+extension GLX -nolisten tcp 3>{number.inside}"
    with chroot.running(["sh", "-c", command], folder=folder, log="xvfb.log") as server:

        def read_number() -> str:
            assert server.is_running, server.output
            return number.outside.read_text().strip() if number.outside.exists() else ""

        shown = wait_until(read_number, START_SECONDS, "Xvfb")
        yield Screen(chroot, folder, f":{shown}", artefacts)
