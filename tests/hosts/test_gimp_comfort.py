"""What makes GIMP easy: faces to tick, Help that opens our page, a menu in order, full states, a question in time."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from foveate_shared.connection.settings import load, save
from hosts.gimp.person import Person
from hosts.gimp.program import RC, configuration, gimp_window, install
from hosts.lib.waiting import wait_until

SIZE = (1200, 900)
FACES = ((40, 40), (60, 150))  # row and column: the deterministic engine's faces are magenta discs
FILTERS = (427, 12)  # in the main window
OPEN = """
image = load(folder + "/scene.png")
open_displays.append(Gimp.Display.new(image))
Gimp.displays_flush()
"""
MENU = """
pdb = Gimp.get_pdb()
names = ["refocus", "faces", "upscale", "fill", "extend", "compare", "waiting", "settings"]
answer = [path for name in names for path in pdb.lookup_procedure(PROCEDURES + name).get_menu_paths()]
"""
STATE_LINES = """
import importlib.util, sys
folder = Path(Gimp.directory()) / "plug-ins/foveate"
spec = importlib.util.spec_from_file_location("foveate_gimp", folder / "__init__.py",
    submodule_search_locations=[str(folder)])
sys.modules["foveate_gimp"] = importlib.util.module_from_spec(spec)
part = lambda name: importlib.import_module("foveate_gimp." + name)
dialogs, shared = part("dialogs"), part("_shared")
dialogs.init()
from gi.repository import Gtk
say = shared.translations.Texts(language)
told = sorted((text for text in say.catalogue.values() if isinstance(text, str)), key=len)
path = "/" + "a-long-name-without-any-space" * 6
error = shared.errors.ErrorInfo(shared.errors.ErrorCode.NO_SERVER, told[-1], told[-2] + " " + path,
    shared.errors.Fault.USER)
lost = shared.job_list.ConnectionView(shared.client.ConnectionState.LOST, error)
short = shared.job_list.ConnectionView(shared.client.ConnectionState.SEARCHING)
job_dialog = Gtk.Dialog(title="job")
job_line = dialogs.StateLine(say)
dialogs._add_lines(job_dialog, job_line)
settings = part("server_dialog").ServerDialog(say)
waiting = part("waiting_dialog").WaitingDialog(say)
class Told:  # Server Settings tell apart from the state what is wrong
    def __init__(self, line):
        self.line, self.widget = line, line.widget
    def show(self, view):
        self.line.show(say.sentence(str(view.error)) if view.error else "")
lines = {"job": job_line, "settings": Told(settings._problem), "waiting": waiting._state}
waiting._state, settings._problem = dialogs.StateLine(say), dialogs.ProblemLine()  # these go on telling of the server
def settle():
    for _ in range(50):
        Gtk.main_iteration_do(False)
        GLib.usleep(2000)
answer = {}
for name, line in lines.items():
    line.show(short)  # as it is when the dialog opens: it must grow with what comes
    line.widget.get_toplevel().show_all()
    settle()
    line.show(lost)
    settle()
    label = line.widget
    given, layout = label.get_allocation(), label.get_layout()
    needed = label.get_preferred_height_for_width(given.width)[1]
    ink, height = layout.get_pixel_size()
    answer[name] = {"text": len(label.get_text()), "cut": layout.is_ellipsized(), "width": [ink, given.width],
        "height": [max(needed, height), given.height], "window": list(label.get_toplevel().get_size())}
Path(shown).touch()
while not Path(done).exists():
    settle()
settings.close()
waiting.close()
job_dialog.destroy()
"""
BROWSER = """#!/bin/sh
printf '%s' "$1" >"{opened}"
"""
DESKTOP = """[Desktop Entry]
Type=Application
Name=Browser
Exec={script} %u
MimeType=text/html;
"""


@pytest.fixture
def folder(chroot):
    made = chroot.folder("gimp")
    picture = np.full((120, 240, 3), (90, 120, 110), np.uint8)
    rows, columns = np.mgrid[:120, :240]
    for row, column in FACES:
        picture[(rows - row) ** 2 + (columns - column) ** 2 <= 16**2] = (255, 0, 255)
    Image.fromarray(picture).save(made.outside / "scene.png")
    install(made)
    browse_with_script(made)
    return made


def browse_with_script(folder):
    """Let pages be opened by a program that only writes down which."""
    script = (folder / "browser").outside
    script.write_text(BROWSER.format(opened=(folder / "opened").inside))
    script.chmod(0o755)
    applications = folder.outside / ".local/share/applications"
    applications.mkdir(parents=True, exist_ok=True)
    (applications / "browser.desktop").write_text(DESKTOP.format(script=(folder / "browser").inside))
    (folder.outside / ".config/mimeapps.list").write_text("[Default Applications]\ntext/html=browser.desktop\n")


@pytest.fixture
def screen(start_screen):
    return start_screen(size=SIZE)


@pytest.fixture
def settings(folder, start_server):
    start_server((folder / "server").outside, (folder / "server.json").outside)
    path = configuration(folder) / "foveate.json"
    save(path, replace(load(path), runtime_file=(folder / "server.json").inside))
    return path


def test_faces_are_ticked_help_is_ours_and_the_menu_in_order(chroot, folder, screen, settings):
    with gimp_window(chroot, folder, screen, SIZE) as running:
        person = Person(running, screen)
        paths = running.run(MENU)
        assert len(paths) == 8
        assert sorted(paths) == paths
        running.run(OPEN, folder=folder.inside)
        show_menu(person, "gimp-menu-in-order")
        finish = person.call("faces")
        person.find_faces("Foveate: Refocus Faces", "alt+f")
        person.look("Foveate: Refocus Faces", "gimp-faces-found")
        screen.xdotool("mousemove", "148", "142", "click", "1")  # the tick of the first face
        person.press("Foveate: Refocus Faces", "alt+h", picture="gimp-faces-ticked")
        wait_until((folder / "opened").outside.exists, 30, "the page that Help opens")
        opened = (folder / "opened").outside.read_text()
        assert opened.endswith("/plug-ins/foveate/help/en/index.html")
        person.press("Foveate: Refocus Faces", "alt+o")
        answer = finish()
        assert answer["status"] == "success", answer
        assert json.loads(answer["recipe"])["parameters"]["only"] == [2]


def test_a_light_theme_in_german_without_a_server(chroot, folder, screen, settings):
    rc = configuration(folder) / "gimprc"
    rc.write_text(RC + "(theme-color-scheme light)\n")
    with gimp_window(chroot, folder, screen, SIZE) as running:
        person = Person(running, screen)
        running.run(OPEN, folder=folder.inside)
        save(settings, replace(load(settings), language="de"))
        finish = person.call("faces")
        person.find_faces("Foveate: Gesichter fokussieren", "alt+n")
        person.press("Foveate: Gesichter fokussieren", "Escape", picture="gimp-faces-german-light")
        assert finish()["status"] == "cancel"
        lost = replace(load(settings), runtime_file="/nowhere/s.json", server_command=("/nowhere/a-program", "serve"))
        save(settings, lost)
        for operation, title in (("refocus", "Foveate: Fokussieren"), ("settings", "Foveate: Servereinstellungen")):
            finish = person.call(operation)
            person.look(title)
            person.press(title, "Escape", picture=f"gimp-{operation}-lost-german")
            assert finish()["status"] == "cancel"
        settings.write_text("{")
        finish = person.call("settings")
        person.look("Foveate: Server Settings", "gimp-settings-lost")  # nobody knows the language any more
        screen.screenshot("gimp-settings-lost-screen")
        person.press("Foveate: Server Settings", "Escape")
        assert finish()["status"] == "cancel"
        assert [path.read_text() for path in settings.parent.glob("foveate.broken-*.json")] == ["{"]


def test_all_of_a_large_image_waits_for_a_yes(chroot, folder, screen, settings):
    coarse = np.random.default_rng(2).integers(0, 256, (8, 10, 3), np.uint8)
    Image.fromarray(coarse.repeat(100, axis=0).repeat(100, axis=1)).save(folder.outside / "scene.png")
    with gimp_window(chroot, folder, screen, SIZE) as running:
        person = Person(running, screen)
        running.run(OPEN, folder=folder.inside)
        finish = person.call("refocus", mode="with-last-vals")
        person.press("^Foveate$", "Escape", picture="gimp-question")
        assert finish()["status"] == "cancel"
        assert running.run("answer = layers(latest())") == ["Background"]
        save(settings, replace(load(settings), language="de"))
        finish = person.call("refocus", mode="with-last-vals")
        person.press("^Foveate$", "Return", picture="gimp-question-german")
        assert finish(120)["status"] == "success"
        running.run("select(latest(), 10, 10, 40, 40)")
        assert person.call("refocus", mode="with-last-vals")(120)["status"] == "success"  # it was chosen: nobody asks


def show_menu(person, picture):
    """Open Filters > Foveate, and keep a picture of it."""
    person.screen.focus("GNU Image|scene|GIMP")
    main = person.screen.wait_for_window("GNU Image|scene|GIMP")
    person.screen.xdotool("mousemove", "--window", main, *FILTERS, "click", 1)
    for keys in (("Up",), ("Right",), ()):
        person.screen.xdotool("sleep", "1")  # the image's outline moves: GIMP's main window never comes to rest
        person.keys(*keys)
    person.screen.screenshot(picture)
    person.keys("Escape", "Escape", "Escape")


def test_the_longest_state_of_the_server_is_shown_in_full(chroot, folder, screen, settings):
    lost = replace(load(settings), runtime_file="/nowhere/s.json", server_command=("/nowhere/foveate", "serve"))
    save(settings, lost)
    shown, done = folder / "shown", folder / "done"
    with gimp_window(chroot, folder, screen, SIZE) as running:
        path = running.start(STATE_LINES, language="de", shown=shown.inside, done=done.inside)
        wait_until(lambda: shown.outside.exists() or path.exists(), 60, "the dialogs")
        screen.screenshot("gimp-longest-state-german")
        done.outside.touch()
        lines = running.answer(path)
    assert sorted(lines) == ["job", "settings", "waiting"]
    for name, line in lines.items():
        assert line["text"] > 300, name
        assert not line["cut"], name
        for needed, given in (line["width"], line["height"]):
            assert needed <= given, (name, line)
        if name != "job":  # which is GIMP's own dialog there, and here a bare one, as high as GTK makes such
            assert line["window"][0] <= SIZE[0], name
            assert line["window"][1] <= SIZE[1], name
