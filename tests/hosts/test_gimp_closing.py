"""A GIMP that the person quits, or whose image is closed, while a job runs which was begun by its menu entry."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import pytest
from PIL import Image

from foveate_shared.connection.settings import load, save
from hosts.gimp.program import configuration, gimp, install
from hosts.gimp.scenes import scene
from hosts.gimp.waiting import until_forgotten, until_running
from hosts.lib.waiting import wait_until

SIZE = (1200, 820)
MAIN = "GNU Image|– GIMP$"
# So that GIMP itself calls it, with its window. GIMP 3.2 does nothing where F8, F9 or F11 is pressed.
SHORTCUT = '(file-version 1)\n(action "plug-in-foveate-refocus" "<Primary><Alt>j")\n'
UNHURRIED = "fakes.engines:unhurried"
OPEN = """
image = load(folder + "/scene.png")
open_displays.append(Gimp.Display.new(image))
select(image, 140, 100, 48, 40)
image.clean_all()
Gimp.displays_flush()
"""
COUNT = "answer = len(Gimp.get_images())"
SIZES = "answer = [[each.get_width(), each.get_height()] for each in Gimp.get_images()]"


@pytest.fixture(scope="module")
def server(chroot, start_server):
    folder = chroot.folder("server")
    server = start_server((folder / "slow").outside, (folder / "slow.json").outside, UNHURRIED)
    return server, (folder / "slow.json").inside


@pytest.fixture
def window(chroot, server, start_screen, stack):
    slow, runtime_file = server
    folder = chroot.folder("gimp")
    Image.fromarray(scene(400, 300)).save(folder.outside / "scene.png")
    install(folder)
    settings = configuration(folder) / "foveate.json"
    save(settings, replace(load(settings), runtime_file=runtime_file, language="de"))
    (settings.parent / "shortcutsrc").write_text(SHORTCUT)
    screen = start_screen(size=SIZE)
    with gimp(chroot, folder, screen.environment, console=False) as running:
        screen.xdotool("windowsize", "--sync", screen.wait_for_window("GNU Image"), *SIZE)
        yield Window(running, screen, folder, settings, slow)


class Window:
    """What a person does."""

    def __init__(self, running, screen, folder, settings, server):
        self.running, self.screen, self.folder = running, screen, folder
        self.settings, self.server = settings, server

    def keys(self, title, *keys):
        """Press keys in a window."""
        self.screen.focus(title)
        self.screen.xdotool("key", *keys)

    def press_until(self, key, done, what, patience=5.0):
        """Press a key in the main window until it has done its work.

        GIMP makes its actions usable some time after it has shown an image, and drops keys that come before.
        """

        def pressed():
            self.keys(MAIN, key)
            with contextlib.suppress(AssertionError):
                return wait_until(done, patience, what)
            return False

        wait_until(pressed, 60, what)

    def begin(self):
        """Open a picture; choose the menu entry by its key, and OK in its dialog."""
        self.running.run(OPEN, folder=self.folder.inside)
        title = "Foveate: Fokussieren"
        self.press_until("ctrl+alt+j", lambda: self.screen.windows(title), "the dialog", patience=20.0)
        self.screen.wait_until_still(self.screen.wait_for_window(title))
        self.keys(title, "Return")
        until_running(self.settings, self.server)


def test_a_gimp_that_is_quit_cancels_its_job(window):
    window.begin()
    window.press_until("ctrl+q", lambda: not window.running.program.is_running, "the end of GIMP", patience=20.0)
    until_forgotten(window.settings, window.server)


def test_a_closed_image_offers_its_result_as_a_new_one(window):
    window.begin()
    window.press_until("ctrl+w", lambda: window.screen.windows("^GNU Image"), "an empty window")
    dialog = window.screen.focus("^Foveate$")
    window.screen.wait_until_still(dialog)
    window.screen.screenshot("gimp-closed-german")
    window.screen.xdotool("key", "Return")
    until_forgotten(window.settings, window.server)
    # And nothing else: the hidden image of the job goes as well.
    # Sizes are asked for only then: GIMP 3.2 tells the person that one is asked of an image that goes just now.
    wait_until(lambda: window.running.run(COUNT, "right") == 1, 20, "the result as the only image")
    assert window.running.run(SIZES, "right") == [[48, 40]]
    # GIMP lives: it asks what becomes of the unsaved image; and it has no error to tell.
    window.press_until("ctrl+w", lambda: window.screen.windows("Close"), "the question about the unsaved image")
    assert not window.screen.windows("GIMP Message")
