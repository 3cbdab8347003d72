"""The plugin in a GIMP with windows: dialogs, progress, cancel, and undo with the keyboard."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import numpy as np
import pytest
import skimage.data
from PIL import Image, ImageFilter

from foveate_shared.connection.settings import load, save
from hosts.gimp.person import Person
from hosts.gimp.program import configuration, gimp, install
from hosts.gimp.scenes import scene
from hosts.gimp.waiting import jobs_of, until_forgotten, until_running
from hosts.lib.servers import REAL
from hosts.lib.waiting import wait_until

UNHURRIED = "fakes.engines:unhurried"
SIZE = (1200, 820)
FROM_RIGHT = {"3.0": 277, "3.2": 305}  # of the main window to the progress bar's Cancel, in pixels; docks differ
FROM_BELOW = 19  # likewise
DIALOG = "Foveate: Refocus"
LOAD_BUTTON, SAVE_BUTTON = (98, 197), (278, 197)  # in that dialog
OPEN = """
while open_displays:
    open_displays.pop().delete()
image = load(folder + "/scene.png")
open_displays.append(Gimp.Display.new(image))
select(image, 140, 100, 48, 40, feather=4.0)
Gimp.displays_flush()
"""
LATEST = "image = latest()\n"
PIXELS = f"{LATEST}answer = dump_visible(image, folder + '/' + name)"


@pytest.fixture(scope="module")
def folder(chroot):
    made = chroot.folder("gimp")
    Image.fromarray(scene(400, 300)).save(made.outside / "scene.png")
    return made


@pytest.fixture(scope="module")
def slow(folder, start_server):
    return start_server((folder / "slow").outside, (folder / "run/slow.json").outside, UNHURRIED)


@pytest.fixture(scope="module")
def servers(folder, start_server, slow):
    return start_server((folder / "server").outside, (folder / "run/server.json").outside), slow


@pytest.fixture(scope="module")
def screen(start_screen):
    return start_screen(size=SIZE)


@pytest.fixture(scope="module")
def running(chroot, folder, servers, screen, stack):
    install(folder)
    running = stack.enter_context(gimp(chroot, folder, screen.environment, console=False))
    main = screen.wait_for_window("GNU Image")
    screen.xdotool("windowsize", "--sync", main, *SIZE)
    return running


@pytest.fixture
def settings(folder):
    return configuration(folder) / "foveate.json"


@pytest.fixture
def use(settings, folder):
    def change(runtime="server.json", **values):
        save(settings, replace(load(settings), runtime_file=(folder / f"run/{runtime}").inside, **values))

    change(ask_first=False, language="")
    return change


@pytest.fixture
def window(running, screen, folder, use):
    window = Window(running, screen, folder)
    running.run(OPEN, folder=folder.inside)
    return window


class Window:
    """What a person does."""

    def __init__(self, running, screen, folder):
        self.running, self.screen, self.folder = running, screen, folder

    def call(self, operation, mode="interactive"):
        code = f"{LATEST if operation != 'settings' else 'image = None'}\nanswer = call({operation!r}, image, {mode!r})"
        path = self.running.start(code)
        return lambda timeout=60: self.running.answer(path, timeout)

    def press(self, title, key, picture=None):
        found = self.screen.focus(title)
        self.screen.wait_until_still(found)
        if picture:
            self.screen.screenshot(picture)
        self.screen.xdotool("key", key)

    def type(self, title, key, text):
        """Go to a field by its key, and put a text in the place of what it has."""
        self.press(title, key)
        self.screen.xdotool("key", "ctrl+a")
        self.screen.xdotool("type", text)
        self.screen.xdotool("key", "Tab")

    def click(self, title, place):
        """Click on a place in a window."""
        found = self.screen.wait_for_window(title)
        self.screen.wait_until_still(found)
        self.screen.xdotool("mousemove", "--window", found, *place, "click", 1)

    def keys(self, *keys):
        """Press keys in the main window."""
        self.screen.focus("GNU Image|scene|GIMP")
        self.screen.xdotool("key", *keys)

    def layers(self):
        return self.running.run(f"{LATEST}answer = layers(image)", "right")

    def pixels(self, name="pixels.bin"):
        dump = self.running.run(PIXELS, "right", folder=self.folder.inside, name=name)
        return self.running.pixels(dump).copy()


def test_a_dialog_and_undo_with_the_exact_bytes_back(window):
    before = window.pixels()
    finish = window.call("refocus")
    window.press("Foveate: Refocus", "Return", "gimp-refocus-dialog")
    assert finish()["status"] == "success"
    assert len(window.layers()) == 2
    after = window.pixels()
    assert (after != before).any()
    for _ in range(2):
        window.keys("ctrl+z")
        wait_until(lambda: len(window.layers()) == 1, 10, "the end of the undo")
        assert (window.pixels() == before).all()
        window.keys("ctrl+y")
        wait_until(lambda: len(window.layers()) == 2, 10, "the end of the redo")
        assert (window.pixels() == after).all()


@pytest.mark.parametrize("operation", ["Refocus Faces", "Upscale"])
def test_a_dialog_can_be_closed(window, operation):
    name = operation.rpartition(" ")[2].lower()
    finish = window.call(name)
    window.press(f"Foveate: {operation}", "Escape", f"gimp-{name}-dialog")
    assert finish()["status"] == "cancel"
    assert len(window.layers()) == 1


def test_repeating_takes_the_last_values(window):
    finish = window.call("refocus", mode="with-last-vals")
    assert finish()["status"] == "success"
    assert len(window.layers()) == 2


def test_presets_and_last_values(window):
    """GIMP's own buttons save and load a preset; Alt+G reaches the strength, Alt+O is OK."""

    def strength(change=lambda: None):
        finish = window.call("refocus")
        window.screen.wait_for_window(DIALOG)
        change()
        window.press(DIALOG, "alt+o")
        answer = finish()
        assert answer["status"] == "success", answer
        return json.loads(answer["recipe"])["parameters"]["strength"]

    def type_and_save():
        window.type(DIALOG, "alt+g", "0.5")
        window.click(DIALOG, SAVE_BUTTON)

    assert strength(type_and_save) == 0.5
    assert strength() == 0.5  # the last values are shown anew
    assert strength(lambda: window.type(DIALOG, "alt+g", "0.25")) == 0.25
    finish = window.call("refocus", mode="with-last-vals")
    assert json.loads(finish()["recipe"])["parameters"]["strength"] == 0.25
    assert strength(lambda: window.click(DIALOG, LOAD_BUTTON)) == 0.5


@pytest.mark.parametrize("down", [["Down"], []], ids=["to factory defaults", "to initial values"])
def test_reset_drops_a_number_beyond_its_limits(window, down):
    finish = window.call("refocus")
    window.type(DIALOG, "alt+g", "7")
    window.press(DIALOG, "alt+r")
    for key in (*down, "Return"):
        window.press(DIALOG, key)
    window.press(DIALOG, "alt+o", "gimp-reset")
    answer = finish()
    assert answer["status"] == "success", answer
    assert json.loads(answer["recipe"])["parameters"]["strength"] == 1.0


GERMAN = {
    "refocus": "Foveate: Fokussieren",
    "faces": "Foveate: Gesichter fokussieren",
    "upscale": "Foveate: Vergrößern",
    "settings": "Foveate: Servereinstellungen",
}


@pytest.mark.parametrize("operation", GERMAN)
def test_dialogs_in_german(window, use, operation):
    use(language="de")
    finish = window.call(operation)
    window.press(GERMAN[operation], "Escape", f"gimp-{operation}-german")
    assert finish()["status"] == "cancel"


def test_a_preview_in_german(window, use):
    use(language="de", ask_first=True)
    finish = window.call("refocus", mode="with-last-vals")
    window.press("Vorschau: noch nicht angewendet", "Escape", "gimp-preview-german")
    assert finish()["status"] == "cancel"


def test_a_preview_before_anything_is_changed(window, use, servers, settings):
    use(ask_first=True)
    before = {job.job for job in jobs_of(settings, servers[0])}
    finish = window.call("refocus", mode="with-last-vals")
    window.press("Preview: not applied yet", "Escape", "gimp-preview")
    assert finish()["status"] == "cancel"
    assert len(window.layers()) == 1
    assert [job.state for job in jobs_of(settings, servers[0]) if job.job not in before] == ["done"]  # it waits
    finish = window.call("refocus", mode="with-last-vals")
    window.press("Preview: not applied yet", "Return")
    assert finish()["status"] == "success"
    assert len(window.layers()) == 2


def test_the_cancel_button_ends_the_job_and_leaves_nothing(window, use, slow, settings):
    use("slow.json")
    before = window.pixels()
    finish = window.call("refocus", mode="with-last-vals")
    until_running(settings, slow)
    wait_until(lambda: window.running.program.is_running, 1, "GIMP")
    time.sleep(1.5)  # so that the picture shows the progress
    window.screen.screenshot("gimp-progress")
    main = window.screen.focus("GNU Image|scene|GIMP")
    width, height = window.screen.size(main)
    x, y = width - FROM_RIGHT[configuration(window.folder).name], height - FROM_BELOW
    window.screen.xdotool("mousemove", "--window", main, x, y, "click", 1)
    assert finish()["status"] != "success"  # it ended before the server was done
    until_forgotten(settings, slow)
    assert len(window.layers()) == 1
    assert (window.pixels() == before).all()


def test_a_result_for_a_changed_image_is_offered(window, use, slow, settings):
    use("slow.json")
    finish = window.call("refocus", mode="with-last-vals")
    until_running(settings, slow)
    paint = f"{LATEST}image.get_layers()[0].invert(False)"
    window.running.run(paint, "right")
    window.press("^Foveate$", "Return", "gimp-changed")
    answer = finish()
    assert answer["status"] == "success"
    assert answer["image"] is not None
    made = "answer = [Gimp.Image.get_by_id(number).get_width(), Gimp.Image.get_by_id(number).get_height()]"
    size = window.running.run(made, number=answer["image"])
    assert 48 <= size[0] < 80


def test_server_settings(window):
    finish = window.call("settings")
    window.press("Foveate: Server Settings", "Return", "gimp-settings")
    answer = finish()
    assert answer["status"] == "success"
    assert "Server:" in answer["given"][0]


@pytest.mark.weights
def test_a_real_face_with_the_real_weights(window, use, start_server, folder):
    start_server((folder / "real").outside, (folder / "run/real.json").outside, REAL)
    use("real.json")
    photo = Image.fromarray(skimage.data.astronaut()).resize((384, 384), Image.Resampling.LANCZOS)
    photo.filter(ImageFilter.GaussianBlur(1.4)).save(folder.outside / "scene.png")
    window.running.run(OPEN + "Gimp.Selection.none(image)", folder=folder.inside)
    before = window.pixels()
    finish = window.call("faces")
    Person(window.running, window.screen).find_faces("Foveate: Refocus Faces", "alt+f")
    window.press("Foveate: Refocus Faces", "alt+o", "gimp-real-dialog")
    answer = finish(300)
    window.screen.screenshot("gimp-real-result")
    assert answer["status"] == "success"
    assert "1 face" in answer["notes"]
    changed = np.argwhere((window.pixels() != before).any(axis=2))
    assert changed.min(axis=0).tolist() > [20, 120]
    assert changed.max(axis=0).tolist() < [180, 240]
