"""Blender, with the extension in its own process, called as the panel's button calls it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.editors.editor import MARGIN, Call, Own, Rig, Window

from hosts.blender.desk import Desk, make_home
from hosts.blender.program import Running, blender
from hosts.lib.chroot import Folder
from hosts.lib.waiting import wait_until

_SECONDS = 600.0
_OPEN = """
for entry in list(runtime().entries):
    runtime().discard(entry)
for image in list(bpy.data.images):
    bpy.data.images.remove(image)
image = bpy.data.images.load(path)
image.foveate.rect = (margin, margin, side, side)
here = editor()
here["area"].spaces.active.image = image
next(region for region in here["area"].regions if region.type == "UI").active_panel_category = "Foveate"
with bpy.context.temp_override(**here):
    bpy.ops.image.view_all(fit_view=True)
bpy.ops.ed.undo_push(message="opened")
"""
_REFOCUS = """
def look():
    if entry.is_running:
        return 0.002
    (FOLDER / "ended.new").write_text(json.dumps([called, time.monotonic(), entry.flow.status.state.value]))
    (FOLDER / "ended.new").rename(FOLDER / "ended.json")

called = time.monotonic()
with bpy.context.temp_override(**editor()):
    bpy.ops.foveate.refocus("INVOKE_DEFAULT")
entry = runtime().entries[0]
bpy.app.timers.register(look)
"""
_BARELY = """
space = editor()["area"].spaces.active
image = space.image
across, down = image.size
begun = time.monotonic()
samples = np.empty((down, across, image.channels), np.float32)
image.pixels.foreach_get(samples.ravel())
samples[down - y - height : down - y, x : x + width].tobytes()
read = time.monotonic()
samples[..., :3] = 1 - samples[..., :3]
writing = time.monotonic()
made = bpy.data.images.new("bare", across, down, alpha=True)
made.pixels.foreach_set(samples.ravel())
made.update()
space.image = made
answer = [0.0, read - begun, time.monotonic() - writing, writing]
"""


@dataclass
class BlenderEditor:
    """See editor.Editor."""

    running: Running
    folder: Folder
    box = (300, 300, 160, 160)  # the middle of the image in a window of 1200 x 820, left of the sidebar

    @property
    def title(self) -> str:
        """See editor.Editor."""
        python = "import platform; answer = f'Blender {bpy.app.version_string}, its Python {platform.python_version()}'"
        return self.running.run(python)

    @property
    def process(self) -> int:
        """See editor.Editor."""
        return self.running.program.process.pid

    def open(self, picture: Path, side: int) -> None:
        """See editor.Editor."""
        shutil.copy(picture, self.folder.outside)
        self.running.run(_OPEN, path=(self.folder / picture.name).inside, margin=MARGIN, side=side)
        self.running.wait_for("runtime().connection.is_ready")

    def refocus(self) -> Call:
        """See editor.Editor."""
        ended = self.running.folder / "ended.json"
        self.running.run(_REFOCUS)
        wait_until(ended.exists, _SECONDS, "the end of the job")
        called, returned, state = json.loads(ended.read_text())
        ended.unlink()
        self._draw()
        assert state == "done", state
        self.running.check_output()
        return Call(called, returned)

    def bare(self, window: Window) -> Own:
        """See editor.Editor."""
        own = Own(*self.running.run(_BARELY, timeout=_SECONDS, **vars(window)))
        self._draw()
        return own

    def _draw(self) -> None:
        """Wait until Blender has drawn: it does between two snippets, and a large image takes it a while."""
        for _ in range(3):
            self.running.run("answer = 1", timeout=_SECONDS)


@contextmanager
def start(rig: Rig) -> Iterator[BlenderEditor]:
    """Start Blender; see editor."""
    folder = make_home(rig.chroot)
    env = {**rig.screen.environment, "FOVEATE_RUNTIME_FILE": rig.runtime_file}
    with blender(rig.chroot, folder, env, ("--window-geometry", 0, 0, 1200, 820)) as running:
        Desk(running, folder).show_editor()
        yield BlenderEditor(running, folder)
