"""A screen that nobody sees: Xvfb in the chroot, its keys and mouse, and pictures of it kept as artefacts."""

from __future__ import annotations

import shutil
import socket
import struct
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from hosts.lib.chroot import Chroot, Completed, Folder, Program
from hosts.lib.waiting import wait_until

START_SECONDS = 60.0
DISPLAYS = range(90, 190)  # far from those of people


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

    @property
    def framebuffer(self) -> Path:
        """Return the file, in the X window dump format, that always holds what is on the screen."""
        return (self.folder / "Xvfb_screen0").outside

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
        said = self._run("xdotool", "search", "--onlyvisible", "--name", title).output.splitlines()
        return [line for line in said if line.isdigit()]  # it complains of windows that vanish while it searches

    def wait_for_window(self, title: str, timeout: float = 60.0) -> str:
        """Return the id of a window with the title as soon as there is one; the newest where there are more."""
        return wait_until(lambda: self.windows(title), timeout, f"a window called {title!r}")[-1]

    def focus(self, title: str, timeout: float = 60.0) -> str:
        """Give the keys to a window with the title as soon as there is one, and return its id."""

        def look() -> str:
            for window in reversed(self.windows(title)):
                if not self._run("xdotool", "windowfocus", "--sync", window).status:
                    return window
            return ""  # there is none, or it has vanished

        return wait_until(look, timeout, f"a window called {title!r} that takes keys")

    def size(self, window: str) -> tuple[int, int]:
        """Return a window's width and height."""
        width, _, height = self.xdotool("getwindowgeometry", window).rpartition("Geometry: ")[2].partition("x")
        return int(width), int(height)

    def wait_until_still(self, window: str, quiet: float = 0.6, timeout: float = 30.0) -> None:
        """Wait until what is in a window has not changed for `quiet` seconds: a window is there before it is drawn.

        A cursor must not blink in it.
        """
        shape = dict(
            line.split("=") for line in self.xdotool("getwindowgeometry", "--shell", window).splitlines() if "=" in line
        )
        x, y, width, height = (int(shape[name]) for name in ("X", "Y", "WIDTH", "HEIGHT"))
        seen, since = b"", time.monotonic()

        def look() -> bool:
            nonlocal seen, since
            now = self._pixels(x, y, width, height)
            if now != seen:
                seen, since = now, time.monotonic()
            return time.monotonic() - since >= quiet

        wait_until(look, timeout, f"a pause in drawing the window {window}")

    def _pixels(self, x: int, y: int, width: int, height: int) -> bytes:
        """Return the pixels of a part of the screen, as they lie in the framebuffer."""
        data = self.framebuffer.read_bytes()
        header = struct.unpack(">25I", data[:100])  # of the X window dump format: sizes first, colours behind
        start, line = header[0] + 12 * header[19], header[12]
        size = header[11] // 8
        rows = range(max(0, y), min(header[5], y + height))
        return b"".join(data[(at := start + row * line + max(0, x) * size) : at + width * size] for row in rows)

    def _run(self, *command: object) -> Completed:
        return self.chroot.run(command, folder=self.folder, env=self.environment, timeout=60.0)


@contextmanager
def xvfb(
    chroot: Chroot, artefacts: Path, *, display: int | None = None, size: tuple[int, int] = (1600, 1000)
) -> Iterator[Screen]:
    """Give a screen; its number is a free one unless `display` names one."""
    folder = chroot.folder("screen")
    with ExitStack() as stack:
        for number in _free_displays() if display is None else (display,):
            server = _start(chroot, folder, number, size)
            stack.callback(server.kill)
            if _is_ready(server, folder):
                yield Screen(chroot, folder, f":{number}", artefacts)
                return
        raise AssertionError(f"Xvfb does not start: {server.output}")


def _start(chroot: Chroot, folder: Folder, number: int, size: tuple[int, int]) -> Program:
    told = (folder / "display").inside
    options = f"-screen 0 {size[0]}x{size[1]}x24 +extension GLX -nolisten tcp -noreset -fbdir {folder.inside}"
    command = f"exec Xvfb :{number} -displayfd 3 {options} 3>{told}"
    return chroot.start(["sh", "-c", command], folder=folder, log="xvfb.log")


def _is_ready(server: Program, folder: Folder) -> bool:
    """Wait until the server has told its number; return False where it has ended instead."""
    told = (folder / "display").outside

    def look() -> bool:
        return not server.is_running or (told.exists() and bool(told.read_text().strip()))

    wait_until(look, START_SECONDS, "Xvfb")
    return server.is_running


def _free_displays() -> Iterator[int]:
    """Yield numbers that no X server has, inside the chroot or out: all share the names of abstract sockets."""
    return (number for number in DISPLAYS if _is_free(number))


def _is_free(number: int) -> bool:
    with socket.socket(socket.AF_UNIX) as attempt:
        try:
            attempt.bind(f"\0/tmp/.X11-unix/X{number}")
        except OSError:
            return False
    return True
