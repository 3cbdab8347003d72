"""The first checkpoint, from GIMP's own dialog: it brings menu entries with it, and does a job."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest
from PIL import Image

from fakes.checkpoints import TinyCheckpoints
from foveate_server.engines.diffusion.silence import quiet
from foveate_shared.settings import load, save
from hosts.gimp.adder import adder
from hosts.gimp.program import gimp_window, install
from hosts.gimp.scenes import scene
from hosts.lib.waiting import wait_until

SIZE = (1200, 900)
SUITE = "foveate_server.engines.catalog:suite_spec"
ADD_BUTTON = (77, 332)  # in Server Settings
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
    path = folder.outside / ".config/GIMP/3.0/foveate.json"
    save(path, replace(load(path), runtime_file=(folder / "server.json").inside, server_command=adding.command))
    return path


@pytest.fixture
def start(chroot, folder, screen):
    return lambda: gimp_window(chroot, folder, screen, SIZE)


def look(screen, title, picture):
    found = screen.wait_for_window(title)
    screen.xdotool("windowfocus", "--sync", found)
    time.sleep(1.0)  # the window is there before it is drawn, and before the server has told its models
    screen.screenshot(picture)
    return found


def entries(running):
    return running.run(ENTRIES, always=ALWAYS, later=WITH_CHECKPOINT)


def show_menu(screen, picture):
    """Open Filters > Foveate, and look at it."""
    main = screen.wait_for_window("GNU Image|scene|GIMP")
    screen.xdotool("windowfocus", "--sync", main)
    time.sleep(1.0)  # until it is drawn
    screen.xdotool("mousemove", "--window", main, *FILTERS, "click", 1)
    time.sleep(1.0)
    screen.xdotool("key", "Up")
    screen.xdotool("key", "Right")
    time.sleep(1.0)
    screen.screenshot(picture)
    screen.xdotool("key", "Escape", "Escape", "Escape")


@pytest.mark.timeout(300)
def test_the_first_checkpoint_is_added_from_gimp_and_brings_its_entries(start, screen, settings, adding, folder):
    with start() as running:
        assert entries(running) == list(ALWAYS)
        running.run(OPEN, folder=folder.inside)
        show_menu(screen, "gimp-menu-without")
        told = running.start("answer = call('settings', None, 'interactive')")
        dialog = look(screen, "Foveate: Server Settings", "gimp-settings-bare")
        assert not load(settings).has_checkpoint
        screen.xdotool("mousemove", "--window", dialog, *ADD_BUTTON, "click", 1)
        look(screen, "Foveate: add a model", "gimp-add-model")
        screen.xdotool("type", f"{folder.inside}/sd1")
        screen.xdotool("key", "Return")
        adding.wait()
        look(screen, "Foveate: add a model", "gimp-added-model")
        screen.xdotool("key", "Escape")
        wait_until(lambda: load(settings).has_checkpoint, 20, "the news of the checkpoint")
        look(screen, "Foveate: Server Settings", "gimp-settings-anew")
        screen.xdotool("key", "Escape")
        assert running.answer(told)["status"] == "cancel"
        assert entries(running) == list(ALWAYS)  # until GIMP is started anew
    with start() as running:
        assert entries(running) == [*ALWAYS, *WITH_CHECKPOINT]
        running.run(OPEN, folder=folder.inside)
        show_menu(screen, "gimp-menu-with")
        filled = running.start("answer = call('fill', latest(), 'interactive')")
        look(screen, "Foveate: Fill", "gimp-fill-tiny")
        screen.xdotool("key", "alt+o")
        answer = running.answer(filled, 120)
        assert answer["status"] == "success", answer
        assert json.loads(answer["recipe"])["model"]["family"] == "sd1"
