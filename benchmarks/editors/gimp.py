"""GIMP, with the plugin as its own process, called as Repeat Last calls it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.editors.editor import MARGIN, Call, Own, Rig, Window, new_processes

from hosts.gimp.program import Running, gimp, install

_BARE = Path(__file__).with_name("gimp_bare.py")
_OPEN = """
while open_displays:
    open_displays.pop().delete()
for image in Gimp.get_images():
    image.delete()
image = load(folder + "/" + name)
select(image, margin, margin, side, side)
open_displays.append(Gimp.Display.new(image))
Gimp.displays_flush()
"""
_REFOCUS = """
import time
image = Gimp.get_images()[0]
called = time.monotonic()
result = call("refocus", image, "with-last-vals")
answer = [called, time.monotonic()]
assert result["status"] == "success", result
assert result["layer"] is not None, result
"""
_BARELY = """
import json, time
image = Gimp.get_images()[0]
procedure = Gimp.get_pdb().lookup_procedure("plug-in-foveate-bare")
config = procedure.create_config()
config.set_property("image", image)
config.set_core_object_array("drawables", image.get_selected_drawables())
for name, value in window.items():
    config.set_property(name, value)
called = time.monotonic()
began, read, writing, written = json.loads(procedure.run(config).index(1))
answer = [began - called, read - began, written - writing, writing]
"""


@dataclass
class GimpEditor:
    """See editor.Editor."""

    running: Running
    box = (480, 330, 200, 200)  # the middle of the canvas in a window of 1200 x 820

    @property
    def title(self) -> str:
        """See editor.Editor."""
        python = "import platform; answer = f'GIMP {Gimp.version()}, its Python {platform.python_version()}'"
        return self.running.run(python)

    @property
    def process(self) -> int:
        """See editor.Editor."""
        candidates = [self.running.program.process.pid, *new_processes(self.running.program.process.pid, ())]
        return next(each for each in candidates if Path(f"/proc/{each}/comm").read_text().startswith("gimp"))

    def open(self, picture: Path, side: int) -> None:
        """See editor.Editor."""
        shutil.copy(picture, self.running.folder.outside)
        self.running.run(_OPEN, folder=self.running.folder.inside, name=picture.name, margin=MARGIN, side=side)

    def refocus(self) -> Call:
        """See editor.Editor."""
        return Call(*self.running.run(_REFOCUS, timeout=600))

    def bare(self, window: Window) -> Own:
        """See editor.Editor."""
        return Own(*self.running.run(_BARELY, timeout=600, window=vars(window)))


@contextmanager
def start(rig: Rig) -> Iterator[GimpEditor]:
    """Start GIMP; see editor."""
    folder = rig.chroot.folder("gimp")
    install(folder)
    bare = folder.outside / ".config/GIMP/3.0/plug-ins/foveate-bare/foveate-bare.py"
    bare.parent.mkdir()
    shutil.copy(_BARE, bare)
    bare.chmod(0o755)
    env = {**rig.screen.environment, "FOVEATE_RUNTIME_FILE": rig.runtime_file}
    with gimp(rig.chroot, folder, env, console=False) as running:
        window = rig.screen.wait_for_window("GNU Image")
        rig.screen.xdotool("windowsize", "--sync", window, 1200, 820)
        yield GimpEditor(running)
