"""What an editor shows where its server cannot be started, or is of another version: read, looked at, carried out."""

from __future__ import annotations

from dataclasses import replace
from importlib import metadata
from pathlib import Path

import pytest

from fakes.liar import Liar, lying, older_server
from foveate_server.plugins.editor_places import Machine, Place, find_places
from foveate_shared.connection.running_server import RunningServer, write_runtime_file
from foveate_shared.connection.settings import load, save
from hosts.blender.desk import WINDOWS, Desk
from hosts.blender.pictures import picture
from hosts.blender.program import blender
from hosts.gimp.program import add_hands, gimp
from hosts.krita.program import installed_krita
from hosts.lib.first_run import NewUser

READY_SECONDS = 120.0  # the server's start, from a slow disk
VERSION = metadata.version("foveate")
NO_PROGRAM = "The server cannot be started: /nowhere/foveate (there is no such program). "
INSTALL = "Install the plugin again in a terminal: foveate plugins install {}"
OLD_SERVER = f"The server's version {VERSION} is older than this plugin's, 99.0. Run `foveate stop`"
UNPROVED = (
    "The Foveate server (pid 1) is older than this program, and cannot prove that it is yours. "
    "Update Foveate where the server runs, end the server, and start it again."
)
SECRET = "fvt_of_an_older_server"
OLD = f"This plugin's version 0.0.1 is older than the server's, {VERSION}. "


@pytest.fixture
def screen(start_screen):
    return start_screen(size=(1400, 900))


def install_badly(person: NewUser, editor: str) -> Place:
    """Install the plugin, as one of an older version whose server's program is gone since."""
    person.foveate("plugins", "install", editor)
    (place,) = find_places(editor, Machine(person.home.outside, "linux", {"PATH": str(person.programs)}))
    save(place.settings, replace(load(place.settings), server_command=("/nowhere/foveate", "serve")))
    set_version(place, "0.0.1")
    return place


def lead_to(liar: Liar, place: Place, person: NewUser) -> None:
    """Let the plugin find a server from before the mutual proof."""
    file = person.home.outside / "older-server.json"
    write_runtime_file(file, RunningServer(f"http://127.0.0.1:{liar.port}", SECRET, 1, "0.0.1", 1.0))
    save(place.settings, replace(load(place.settings), runtime_file=str(file)))


def set_version(place: Place, version: str, before: str = VERSION) -> None:
    """Let the plugin say that it is of another version."""
    file: Path = place.package / ("version.py" if place.host == "krita" else "bundle.json")
    text = file.read_text("utf-8")
    assert f'"{before}"' in text
    file.write_text(text.replace(f'"{before}"', f'"{version}"'), "utf-8")


def test_krita(chroot, person, screen):
    place = install_badly(person, "krita")
    read = "notices = docker().panel.notices; answer = [notices.sentence.text(), notices.copy.isVisible()]"
    with installed_krita(chroot, screen, person.home, {}) as running:
        running.run("found = docker(); found.setFloating(True); found.resize(320, 700); found.move(20, 40)")
        running.run("wait_for(lambda: docker().panel.notices.isVisible(), seconds)", seconds=READY_SECONDS)
        screen.screenshot("krita-no-program")
        assert running.run(read) == [NO_PROGRAM + INSTALL.format("krita"), False]
        person.foveate("plugins", "install", "krita")
        running.run("docker().panel.notices.retry.click()")
        running.run("wait_for(lambda: desk().connection.is_ready, seconds)", seconds=READY_SECONDS)
        screen.screenshot("krita-old-plugin")
        assert running.run(read) == [OLD + INSTALL.format("krita"), False]
    set_version(place, "99.0")
    with installed_krita(chroot, screen, person.home, {}) as running, lying(older_server) as liar:
        running.run("found = docker(); found.setFloating(True); found.resize(320, 700); found.move(20, 40)")
        running.run("wait_for(lambda: desk().connection.is_ready, seconds)", seconds=READY_SECONDS)
        running.run("pump(0.5)")
        screen.screenshot("krita-old-server")
        assert running.run(read)[0].startswith(OLD_SERVER)
        lead_to(liar, place, person)
        running.run("desk().reconnect()\nwait_for(lambda: desk().connection.error is not None, seconds)", seconds=60)
        running.run("pump(0.5)")
        screen.screenshot("krita-unproved-server")
        assert running.run(read) == [UNPROVED, False]
        assert SECRET.encode() not in liar.heard
    assert person.foveate("stop").startswith("The server has ended")


def test_blender(chroot, person, screen):
    place = install_badly(person, "blender")
    read = "rt = runtime(); answer = str(rt.connection.error or rt.connection.warning)"
    with blender(chroot, person.home, screen.environment, WINDOWS) as running:
        desk = Desk(running, person.home)
        desk.show_editor()
        running.run("bpy.context.preferences.view.show_splash = False")
        desk.open_samples(picture("u8")[0], (0, 0, 0, 0))
        desk.wait_for_connection("lost")
        desk.strike("ESC")
        desk.settle()
        screen.screenshot("blender-no-program")
        assert running.run(read) == NO_PROGRAM + INSTALL.format("blender")
        person.foveate("plugins", "install", "blender")
        running.run("bpy.ops.foveate.reconnect()")
        running.wait_for("runtime().connection.is_ready", READY_SECONDS)
        desk.settle()
        screen.screenshot("blender-old-plugin")
        assert running.run(read) == OLD + INSTALL.format("blender")
    set_version(place, "99.0")
    with blender(chroot, person.home, screen.environment, WINDOWS) as running, lying(older_server) as liar:
        desk = Desk(running, person.home)
        desk.show_editor()
        running.run("bpy.context.preferences.view.show_splash = False")
        desk.open_samples(picture("u8")[0], (0, 0, 0, 0))
        running.wait_for("runtime().connection.is_ready", READY_SECONDS)
        desk.strike("ESC")
        desk.settle()
        screen.screenshot("blender-old-server")
        assert running.run(read).startswith(OLD_SERVER)
        lead_to(liar, place, person)
        running.run("bpy.ops.foveate.reconnect()")
        desk.wait_for_connection("lost")
        desk.settle()
        screen.screenshot("blender-unproved-server")
        assert running.run(read) == UNPROVED
        assert SECRET.encode() not in liar.heard
    assert person.foveate("stop").startswith("The server has ended")


def test_gimp(chroot, person, screen):
    place = install_badly(person, "gimp")
    add_hands(person.home)
    with gimp(chroot, person.home, screen.environment, console=False) as running:
        refused = running.run("answer = call('settings', None)", timeout=READY_SECONDS)
        assert refused["error"].endswith(NO_PROGRAM + INSTALL.format("gimp"))
        closed = show_settings(running, screen, "gimp-no-program")
        assert closed["status"] == "cancel"
        person.foveate("plugins", "install", "gimp")
        set_version(place, "0.0.1")
        ready = running.run("answer = call('settings', None)", timeout=READY_SECONDS)
        assert ready["given"][0].startswith("Ready: foveate"), ready
        shown = show_settings(running, screen, "gimp-old-plugin", key="Return")
        assert shown["given"][0].endswith(OLD + INSTALL.format("gimp")), shown
        set_version(place, "99.0", before="0.0.1")
        shown = show_settings(running, screen, "gimp-old-server", key="Return")
        assert OLD_SERVER in shown["given"][0]
        assert person.foveate("stop").startswith("The server has ended")
        with lying(older_server) as liar:
            lead_to(liar, place, person)
            shown = show_settings(running, screen, "gimp-unproved-server", key="Return")
            assert UNPROVED in shown["given"][0]
            assert SECRET.encode() not in liar.heard


def show_settings(running, screen, name, key="Escape"):
    """Open the Server Settings, look at them once the server was looked for, and close them."""
    answer = running.start("answer = call('settings', None, 'interactive')")
    window = screen.focus("Foveate: Server Settings")
    screen.wait_until_still(window, quiet=3.0)
    screen.screenshot(name)
    screen.focus("Foveate: Server Settings")  # GIMP's own windows may have taken the keys meanwhile
    screen.xdotool("key", key)
    return running.answer(answer)
