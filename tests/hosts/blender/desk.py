"""A person at a Blender with windows."""

from __future__ import annotations

from contextlib import contextmanager

from hosts.blender.pictures import picture
from hosts.blender.program import blender, install

RECT = (20, 16, 48, 40)
SIZE = (1400, 900)  # of the screen
WINDOWS = ("--window-geometry", 0, 0, *SIZE, "--no-window-focus", "--enable-event-simulate")
_QUIET = "import bpy; bpy.context.preferences.view.show_splash = False; bpy.ops.wm.save_userpref()"
SHOW = """
area = max(bpy.context.window_manager.windows[0].screen.areas, key=lambda area: area.width * area.height)
area.type = "IMAGE_EDITOR"
area.spaces.active.show_region_ui = True
"""
OPEN = """
for image in list(bpy.data.images):
    if image.type == "IMAGE":
        bpy.data.images.remove(image)
image = put(name, "in")
image.foveate.rect = rect
bpy.context.scene.render.use_border = False
here = editor()
here["area"].spaces.active.image = image
next(region for region in here["area"].regions if region.type == "UI").active_panel_category = "Foveate"
with bpy.context.temp_override(**here):
    bpy.ops.image.view_all(fit_view=True)
bpy.ops.ed.undo_push(message="opened")
answer = True
"""
RUNTIME = "rt = runtime();"
STATE = (
    RUNTIME
    + """
entry = rt.entries[0]
status = entry.flow.status
answer = {"state": status.state.value, "fraction": status.fraction, "error": str(status.error or "")}
answer["images"] = sorted(image.name for image in bpy.data.images if image.type == "IMAGE")
shown = editor()["area"].spaces.active.image
answer["shown"] = shown.name if shown else None
"""
)

# Draws panels into a list of what they show.
PENCIL = """
import bl_ext.user_default.foveate.panels as panels
import bl_ext.user_default.foveate.parameter_panel as checkpoint_panel
import bl_ext.user_default.foveate.add_model as add_model
class Pencil:
    def __init__(self):
        self.drawn = []
    def prop(self, data, name, **_):
        getattr(data, name)
        self.drawn += [name, name.partition("_")[2]]  # of one operation, and by its parameter's own name
    def prop_enum(self, _data, name, value, **_): self.drawn.append(value)
    def operator(self, name, **_):
        self.drawn.append(name)
        return self
    def label(self, text="", **_): self.drawn.append(text)
    def __getattr__(self, name): return lambda *_, **__: self
def drawn(panel):
    pencil = Pencil()
    with bpy.context.temp_override(**editor()):
        panel.draw(type("Panel", (), {"layout": pencil})(), bpy.context)
    return pencil.drawn
"""


def make_home(chroot):
    """Return a home in which the extension is installed, and Blender starts without its splash."""
    folder = chroot.folder("blender")
    install(chroot, folder)
    chroot.run(["blender", "--background", "--python-expr", _QUIET], folder=folder).check()
    return folder


@contextmanager
def blender_with_windows(chroot, folder, env):
    """Start Blender on a screen of SIZE, which `env` names, with an image editor; it takes simulated events."""
    with blender(chroot, folder, env, WINDOWS) as running:
        Desk(running, folder).show_editor()
        yield running


class Desk:
    """What a person does at this Blender."""

    def __init__(self, running, folder):
        self.running = running
        self.folder = folder

    def open(self, kind="u8", rect=RECT):
        """Show an image, the only one, with a rectangle."""
        self.open_samples(picture(kind)[0], rect)

    def open_samples(self, samples, rect, name="in"):
        """Show an image, the only one, with a rectangle."""
        self.running.save("in", samples)
        self.running.run(OPEN, rect=rect, name=name)

    def show_editor(self):
        """Make the largest area an image editor with its sidebar."""
        self.running.run(SHOW)

    def connect(self, runtime_file):
        """Use the server of another runtime file."""
        path = (self.folder / "run" / runtime_file).inside
        self.running.run(f"import os; os.environ['FOVEATE_RUNTIME_FILE'] = {path!r}; bpy.ops.foveate.reconnect()")

    def press(self, operation="refocus"):
        """Press the panel's button; return what it says."""
        return self.running.run(
            "with bpy.context.temp_override(**editor()):\n"
            f"    answer = list(bpy.ops.foveate.{operation}('INVOKE_DEFAULT'))"
        )

    def do(self, code):
        return self.running.run(f"with bpy.context.temp_override(**editor()):\n    answer = list({code})")

    def strike(self, key, value="PRESS", letter=None, **modifiers):
        """Press a key or button, and let it go, with the mouse over the image; or just move it there."""
        self.running.run(
            "here = editor(); region = here['region']\n"
            "at = {'x': region.x + region.width // 3, 'y': region.y + region.height // 2}\n"
            "for each in (value, 'RELEASE') if value == 'PRESS' else (value,):\n"
            "    typed = {'unicode': letter} if letter and each == 'PRESS' else {}\n"
            "    here['window'].event_simulate(key, each, **at, **typed, **modifiers)",
            key=key, value=value, letter=letter, modifiers=modifiers,
        )  # fmt: skip

    def type(self, text):
        """Type letters and spaces, with the mouse over the image."""
        for letter in text:
            self.strike("SPACE" if letter == " " else letter.upper(), letter=letter)

    def drag(self, start, end, steps=8):
        """Drag with the left button; places are pixels of the screen from the middle of the image editor, y up."""
        for step in range(steps + 1):
            part = step / steps
            place = tuple(round(a + (b - a) * part) for a, b in zip(start, end, strict=True))
            self._mouse("MOUSEMOVE", "NOTHING", place)
            if step == 0:
                self._mouse("LEFTMOUSE", "PRESS", place)
        self._mouse("LEFTMOUSE", "RELEASE", end)
        self.settle()

    def _mouse(self, kind, value, place):
        self.running.run(
            "here = editor(); region = here['region']\n"
            "x, y = region.x + region.width // 2 + place[0], region.y + region.height // 2 + place[1]\n"
            "here['window'].event_simulate(kind, value, x=x, y=y)",
            kind=kind, value=value, place=place,
        )  # fmt: skip

    def state(self):
        return self.running.run(STATE)

    def wait_for_state(self, *states, timeout=60):
        self.running.wait_for(
            f"runtime().entries[0].flow.status.state.value in {states!r}",
            timeout,
        )
        return self.state()

    def wait_for_the_end(self, timeout=60):
        """Wait until no job runs any more; a failure shows where each stands."""
        try:
            self.running.wait_for("runtime().entries and not any(e.is_running for e in runtime().entries)", timeout)
        except AssertionError as error:
            statuses = self.running.run("answer = [str(entry.flow.status) for entry in runtime().entries]")
            raise AssertionError(f"{error}; the jobs: {statuses}") from None

    def wait_for_connection(self, state):
        self.running.wait_for(
            f"runtime().connection.state.value == {state!r}",
        )

    def pixels(self, name):
        self.running.run("answer = grab(bpy.data.images[name], 'pixels')", name=name)
        return self.running.load("pixels")[::-1]

    def settle(self):
        """Let Blender draw some times: its panels move to their places."""
        for _ in range(25):
            self.running.run("editor()['area'].tag_redraw()")
