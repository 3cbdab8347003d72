"""The first checkpoint, from GIMP's own dialog: it brings menu entries with it, and does a job."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest
from PIL import Image

from fakes.checkpoints import TinyCheckpoints
from foveate_server.engines.diffusion.quiet_libraries import quiet
from foveate_shared.connection.settings import load, save
from foveate_shared.editor import known_server
from foveate_shared.forms.checkpoint_choices import has_checkpoint
from hosts.gimp.adder import adder
from hosts.gimp.person import Person
from hosts.gimp.program import configuration, gimp_window, install
from hosts.gimp.scenes import scene
from hosts.lib.waiting import wait_until

SIZE = (1200, 900)
SUITE = "foveate_server.engines.engine_specs:suite_spec"
ADD_BUTTON = (77, 333)  # in Server Settings; GIMP knows all, so no line about a new start is above it
FILTERS = (427, 12)  # in the main window
ALWAYS, WITH_CHECKPOINT = ("refocus", "faces", "upscale", "waiting", "settings"), ("fill", "extend", "compare")
ENTRIES = """
names = [*always, *later]
found = {name: Gimp.get_pdb().lookup_procedure(PROCEDURES + name) for name in names}
assert all(found.values()), found
answer = [name for name in names if found[name].get_menu_paths()]
"""
OPEN = """
image = load(folder + "/scene.png")
open_displays.append(Gimp.Display.new(image))
select(image, 20, 16, 48, 40)
Gimp.displays_flush()
"""


@pytest.fixture
def folder(chroot):
    made = chroot.folder("gimp")
    Image.fromarray(scene(160, 120)).save(made.outside / "scene.png")
    with quiet():
        TinyCheckpoints(made.outside).folder("sd1")
    install(made, has_checkpoint=False)
    return made


@pytest.fixture
def screen(start_screen):
    return start_screen(size=SIZE)


@pytest.fixture
def adding(chroot, folder, stack):
    """The command that adds models to the server."""
    return stack.enter_context(adder(chroot, (folder / "server").outside))


@pytest.fixture
def settings(folder, start_server, adding):
    """The plugin's settings: they name a server without a checkpoint, and the command that can add one."""
    home = (folder / "server").outside
    start_server(home, (folder / "server.json").outside, SUITE, cache_dir=str(home / "cache"))
    path = configuration(folder) / "foveate.json"
    save(path, replace(load(path), runtime_file=(folder / "server.json").inside, server_command=adding.command))
    return path


@pytest.fixture
def start(chroot, folder, screen):
    return lambda: gimp_window(chroot, folder, screen, SIZE)


def known(settings):
    """Return the models that the plugin has seen."""
    return known_server.load(settings.with_name(known_server.FILE_NAME))[1]


def entries(running):
    return running.run(ENTRIES, always=ALWAYS, later=WITH_CHECKPOINT)


def show_menu(person, picture):
    """Open Filters > Foveate, and keep a picture of it: what the menu has is proved by its paths."""
    time.sleep(1.0)  # the image's outline moves: GIMP's main window never comes to rest
    main = person.screen.focus("GNU Image|scene|GIMP")
    person.screen.xdotool("mousemove", "--window", main, *FILTERS, "click", 1)
    time.sleep(1.0)
    person.keys("Up", "Right")
    time.sleep(1.0)
    person.screen.screenshot(picture)
    person.keys("Escape", "Escape", "Escape")


@pytest.mark.timeout(300)
def test_the_first_checkpoint_is_added_from_gimp_and_brings_its_entries(start, screen, settings, adding, folder):
    with start() as running:
        person = Person(running, screen)
        assert entries(running) == list(ALWAYS)
        running.run(OPEN, folder=folder.inside)
        show_menu(person, "gimp-menu-without")
        told = person.call("settings")
        person.look("Foveate: Server Settings", "gimp-settings-bare")
        assert not has_checkpoint(known(settings))
        person.click("Foveate: Server Settings", *ADD_BUTTON)
        person.look("Foveate: add a model", "gimp-add-model")
        person.type(f"{folder.inside}/sd1")
        person.keys("Return")
        adding.wait()
        person.press("Foveate: add a model", "Escape", picture="gimp-added-model")
        wait_until(lambda: has_checkpoint(known(settings)), 20, "the news of the checkpoint")
        person.press("Foveate: Server Settings", "Escape", picture="gimp-settings-anew")
        assert told()["status"] == "cancel"
        assert entries(running) == list(ALWAYS)  # until GIMP is started anew
    settings.with_name(known_server.FILE_NAME).unlink()  # as before any dialog: the server's program tells it
    with start() as running:
        person = Person(running, screen)
        assert entries(running) == [*ALWAYS, *WITH_CHECKPOINT]
        running.run(OPEN, folder=folder.inside)
        show_menu(person, "gimp-menu-with")
        finish = person.call("fill")
        person.press("Foveate: Fill", "alt+o", picture="gimp-fill-tiny")
        answer = finish(120)
        assert answer["status"] == "success", answer
        assert json.loads(answer["recipe"])["model"]["family"] == "sd1"
