"""The first run in each editor: installed as the README says, in an empty home, with no `foveate` on the path."""

from __future__ import annotations

import numpy as np
import pytest

from hosts.blender.desk import WINDOWS, Desk
from hosts.blender.program import blender
from hosts.gimp.program import add_hands, gimp
from hosts.krita.program import installed_krita
from hosts.lib.first_run import JOB_SECONDS, SIDE, expect_a_face_in_focus

pytestmark = pytest.mark.weights
READY_SECONDS = 90.0  # the server's start, from a slow disk
VOUCHED = "uses this machine's server, which answers: foveate"


@pytest.fixture
def screen(start_screen):
    return start_screen(size=(1400, 900))


def test_blender(chroot, person, screen):
    said = person.foveate("plugins", "install", "blender")
    assert "the sidebar (N) of the Image Editor" in said
    before = person.photo()
    with blender(chroot, person.home, screen.environment, WINDOWS) as running:
        desk = Desk(running, person.home)
        desk.show_editor()
        desk.open_samples(before[::-1], (0, 0, 0, 0))  # the panel that is drawn looks for the server
        running.wait_for("runtime().connection.is_ready", READY_SECONDS)
        desk.press("faces")
        state = desk.wait_for_state("done", "failed", timeout=JOB_SECONDS)
        desk.settle()
        screen.screenshot("blender-first-run")
        assert state["state"] == "done", state["error"]
        after = desk.pixels(state["shown"])
    expect_a_face_in_focus(before, np.rint(after * 255).astype(np.uint8))
    assert VOUCHED in person.foveate("plugins", "doctor")


def test_krita(chroot, person, screen):
    said = person.foveate("plugins", "install", "krita")
    assert "Settings > Dockers > Foveate" in said
    before = person.photo()
    with installed_krita(chroot, screen, person.home, {}) as running:
        running.run('open_file(folder + "/photo.png")', folder=person.home.inside)
        running.run("wait_for(lambda: docker() and desk().connection.is_ready, seconds)", seconds=READY_SECONDS)
        state = running.run(
            """
document = app.activeDocument()
answer = finish(start("faces"), seconds)
pixels(document, folder + "/after.raw")
""",
            timeout=JOB_SECONDS,
            folder=person.home.inside,
            seconds=JOB_SECONDS,
        )
        screen.screenshot("krita-first-run")
    assert state["state"] == "done", state["error"]
    blue_first = np.fromfile(person.home.outside / "after.raw", np.uint8).reshape(SIDE, SIDE, 4)
    expect_a_face_in_focus(before, blue_first[..., [2, 1, 0, 3]])
    assert VOUCHED in person.foveate("plugins", "doctor")


def test_gimp(chroot, person, screen):
    said = person.foveate("plugins", "install", "gimp")
    assert "Filters > Foveate" in said
    before = person.photo()
    add_hands(person.home)
    with gimp(chroot, person.home, screen.environment, console=False) as running:
        state = running.run("answer = call('settings', None)", timeout=READY_SECONDS)
        assert state["status"] == "success", state
        assert state["given"][0].startswith("Ready: foveate"), state
        answer = running.run(
            """
image = load(folder + "/photo.png")
Gimp.Display.new(image)
answer = call("faces", image)
answer["pixels"] = dump_visible(image, folder + "/after.bin", "R'G'B'A u8")
""",
            timeout=JOB_SECONDS,
            folder=person.home.inside,
        )
        screen.screenshot("gimp-first-run")
        assert answer["status"] == "success", answer
        expect_a_face_in_focus(before, running.pixels(answer["pixels"]).copy())
    assert VOUCHED in person.foveate("plugins", "doctor")
