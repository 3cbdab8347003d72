"""The extension with the real weights, on a photo of a person, in windows: what docs/blender.md shows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from skimage import data

from hosts.blender.desk import Desk, make_home
from hosts.blender.program import blender
from hosts.lib.servers import REAL

FACE = (176, 64, 112, 128)  # of the photo's person
INSIDE = (slice(64, 192), slice(176, 288))
BLUR = 1.6  # pixels


@pytest.fixture(scope="module")
def screen(start_screen):
    return start_screen(size=(1280, 860))


@pytest.fixture(scope="module")
def desk(chroot, start_server, screen, stack):
    folder = make_home(chroot)
    start_server((folder / "server").outside, (folder / "run/server.json").outside, REAL)
    env = {**screen.environment, "FOVEATE_RUNTIME_FILE": (folder / "run/server.json").inside}
    running = stack.enter_context(blender(chroot, folder, env, ("--window-geometry", 0, 0, 1280, 860)))
    desk = Desk(running, folder)
    desk.show_editor()
    return desk


def rgba(photo):
    opaque = np.full((*photo.shape[:2], 1), 255, np.uint8)
    return np.concatenate([np.rint(photo).astype(np.uint8), opaque], axis=2)[::-1]


@pytest.mark.weights
def test_a_face_comes_into_focus(desk, screen):
    sharp = data.astronaut().astype(float)
    soft = ndimage.gaussian_filter(sharp, (BLUR, BLUR, 0))
    desk.open_samples(rgba(soft), FACE, "portrait.png")
    desk.running.wait_for("runtime().models")
    desk.settle()
    screen.screenshot("blender-region")
    desk.press("faces")
    state = desk.wait_for_state("done", timeout=100)
    after = desk.pixels(state["shown"])[..., :3] * 255
    desk.settle()
    screen.screenshot("blender-faces")
    before = np.rint(soft)

    def error(picture):
        return np.abs(picture - sharp)[INSIDE].mean()

    assert error(after) < 0.9 * error(before)
    changed = (np.rint(after) != before).any(axis=2)
    changed[INSIDE] = False
    assert not changed.any()
    desk.do("bpy.ops.ed.undo()")
    desk.running.run("runtime().change(ask_first=True); bpy.context.window_manager.foveate.operation = 'refocus'")
    desk.press("refocus")
    desk.wait_for_state("unapplied", timeout=100)
    desk.settle()
    screen.screenshot("blender-preview")
    desk.running.check_output()
