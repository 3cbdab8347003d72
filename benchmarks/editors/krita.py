"""Krita, with the plugin in its process, its docker open and its button pressed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.editors.editor import MARGIN, Call, Own, Rig, Window, new_processes

from hosts.krita.program import Running, krita

_WINDOW = """
from PyQt5.QtCore import Qt
window = app.activeWindow().qwindow()
window.setGeometry(0, 0, 1200, 820)
for found in app.dockers():
    found.setVisible(found.objectName() in ("ToolBox", "foveate_docker"))
pump(0.5)
window.resizeDocks([docker()], [340], Qt.Horizontal)
wait_for(lambda: desk().bench.models)
"""
# Each in an order of its own: Krita closes windows only when its events are not handled within others.
_CLOSE = ("forget_all()", "app.action('file_close_all').trigger()", "wait_for(lambda: not app.documents())")
_OPEN = """
document = open_file(folder + "/" + name)
select(document, margin, margin, side, side)
"""
_REFOCUS = """
from driver.watch import watching
form = docker().panel.task
form.choose("refocus")
with watching(desk()) as watch:
    called = time.monotonic()
    watch.timed("press", form.run_button.click)()
    job = desk().jobs[0]
    wait_for(lambda: job.entry.flow.ended, 600)
    returned = time.monotonic()
    wait_for(lambda: job.host.after is not None)
    pump(1.5)  # what follows would keep Krita from drawing the result
assert state(job)["state"] == "done", state(job)
longest = max(end - start for start, end, _ in watch.calls)
answer = [called, returned, watch.own()[0][0], longest, watch.longest_pause(), watch.pauses()]
"""
_BARE = """
document = app.activeDocument()
chosen = document.selection()
begun = time.monotonic()
document.waitForDone()
clone = document.clone()
first = clone.pixelData(window["x"], window["y"], window["width"], window["height"])
read = time.monotonic() - begun
area = chosen.x(), chosen.y(), chosen.width(), chosen.height()
data = bytearray(clone.pixelData(*area))
clone.close()
for channel in range(3):
    data[channel::4] = data[channel::4].translate(bytes(range(255, -1, -1)))
data = QByteArray(bytes(data))
writing = time.monotonic()
layer = document.createNode("bare", "paintlayer")
layer.setPixelData(data, *area)
document.rootNode().addChildNode(layer, None)
answer = [0.0, read, time.monotonic() - writing, writing]
"""
_CAUSES = {
    "call": "in Krita's own calls",
    "canvas": "while Krita painted its canvas",
    "plugin": "in the plugin",
    "else": "in anything else",
}


@dataclass
class KritaEditor:
    """See editor.Editor."""

    running: Running
    blocks: dict[int, list[Any]] = field(default_factory=dict)  # by side: what _REFOCUS tells of each job
    box = (330, 330, 160, 160)  # the middle of the canvas in a window of 1200 x 820
    _side = 0

    @property
    def title(self) -> str:
        """See editor.Editor."""
        code = """
import platform
from PyQt5.QtCore import QT_VERSION_STR
answer = f"Krita {app.version()}, Qt {QT_VERSION_STR}, its Python {platform.python_version()}"
"""
        return self.running.run(code)

    @property
    def process(self) -> int:
        """See editor.Editor."""
        candidates = [self.running.program.process.pid, *new_processes(self.running.program.process.pid, ())]
        return next(each for each in candidates if Path(f"/proc/{each}/comm").read_text().startswith("krita"))

    @property
    def remarks(self) -> list[str]:
        """Return what the table does not say: who held up the main thread for how long, at most in any job."""
        lines = []
        for side, found in self.blocks.items():
            ours, call, gap = (f"{1000 * max(part):.0f}" for part in list(zip(*found, strict=True))[:3])
            lines.append(
                f"{side} px: the plugin worked at most {ours} ms at a time in the main thread, the longest of Krita's "
                f"own calls took {call} ms, and the longest pause between two beats of a timer was {gap} ms. "
                f"{_pauses([pause for *_, pauses in found for pause in pauses], len(found))}"
            )
        return lines

    def open(self, picture: Path, side: int) -> None:
        """See editor.Editor."""
        self._side = side
        shutil.copy(picture, self.running.folder.outside)
        for order in _CLOSE:
            self.running.run(order)
        self.running.run(_OPEN, folder=self.running.folder.inside, name=picture.name, margin=MARGIN, side=side)

    def refocus(self) -> Call:
        """See editor.Editor."""
        called, returned, *blocks = self.running.run(_REFOCUS, timeout=600)
        self.blocks.setdefault(self._side, []).append(tuple(blocks))
        return Call(called, returned)

    def bare(self, window: Window) -> Own:
        """See editor.Editor."""
        return Own(*self.running.run(_BARE, timeout=600, window=vars(window)))


def _pauses(found: Sequence[tuple[float, str]], jobs: int) -> str:
    """Return a sentence about the pauses of several jobs that were longer than 50 ms: (seconds, cause)."""
    parts = []
    for cause, words in _CAUSES.items():
        lengths = [seconds for seconds, each in found if each == cause]
        if lengths:
            parts.append(f"{len(lengths)} {words} (at most {1000 * max(lengths):.0f} ms)")
    return f"Pauses of more than 50 ms in {jobs} jobs: {', '.join(parts) or 'none'}."


@contextmanager
def start(rig: Rig) -> Iterator[KritaEditor]:
    """Start Krita; see editor."""
    folder = rig.chroot.folder("krita")
    with krita(rig.chroot, rig.screen, folder, {"FOVEATE_RUNTIME_FILE": rig.runtime_file}) as running:
        running.run(_WINDOW)
        yield KritaEditor(running)
