"""What is measured, and what an editor's module offers: a context manager `start(rig)` that gives an Editor."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:  # the tests' tools: on the path only where an editor is measured
    from hosts.lib.chroot import Chroot
    from hosts.lib.screen import Screen

EDITORS = ("gimp", "krita", "blender")  # modules of this package
SIDES = (512, 1024, 2048, 4096)  # pixels of the square selections
MARGIN = 64  # pixels of the document around the selection


@dataclass(frozen=True)
class Rig:
    """What an editor is started with."""

    chroot: Chroot
    screen: Screen
    runtime_file: str  # as the plugin sees it; it leads to the server by way of the relay


@dataclass(frozen=True)
class Call:
    """One job from the button on; seconds of time.monotonic(), which all processes of a machine share."""

    called: float
    returned: float  # the plugin was done with all


@dataclass(frozen=True)
class Own:
    """Seconds that the editor itself takes for the same pixels, without Foveate."""

    start: float  # until a plug-in's code runs; 0 where plug-ins live in the editor's process
    read: float  # freeze what is visible, and hand out the first window
    write: float  # bring the whole result, already in memory, into the document
    writing: float | None = None  # time.monotonic() when that began: the time until the screen shows it counts then


@dataclass(frozen=True)
class Window:
    """What the server asked for first, in document pixels."""

    x: int
    y: int
    width: int
    height: int


class Editor(Protocol):
    """An editor that runs, with its window on the rig's screen."""

    @property
    def title(self) -> str:
        """Return the editor's name and version, and those of what runs the plugin in it."""

    @property
    def process(self) -> int:
        """Return the id of the editor's own process; plug-ins may be its children."""

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Return x, y, width and height on the screen of a part that shows nothing but the middle of the selection."""

    def open(self, picture: Path, side: int) -> None:
        """Show a picture of side + 2 * MARGIN squared, of which all but the margin is selected; close all others."""

    def refocus(self) -> Call:
        """Run `refocus` with its default values, as the button does, and wait for its end. Fails where it does."""

    def bare(self, window: Window) -> Own:
        """Read and write as many pixels as the plugin, with the editor's own means; what is written looks different."""


@runtime_checkable
class Remarking(Protocol):
    """An editor that tells more than the table does."""

    @property
    def remarks(self) -> Sequence[str]:
        """Return sentences, of all jobs that were run."""


def new_processes(process: int, before: Collection[int]) -> list[int]:
    """Return the children of a process, and theirs, that were not there before."""
    found: list[int] = []
    waiting = [process]
    while waiting:
        for path in Path(f"/proc/{waiting.pop()}/task").glob("*/children"):
            try:
                children = [int(word) for word in path.read_text().split()]
            except OSError:  # it has ended
                continue
            waiting += children
            found += [child for child in children if child not in before]
    return found
