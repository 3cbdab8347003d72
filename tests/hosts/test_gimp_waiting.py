"""A GIMP that dies while a complete result waits for the person's answer: the result is not lost."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from foveate_shared.connection.settings import load, save
from hosts.gimp.person import Person
from hosts.gimp.program import configuration, gimp_window, install
from hosts.gimp.scenes import scene
from hosts.gimp.waiting import jobs_of, until_forgotten
from hosts.lib.waiting import wait_until

SIZE = (1200, 820)
OPEN = """
image = load(folder + "/scene.png")
open_displays.append(Gimp.Display.new(image))
select(image, 140, 100, 48, 40)
exec(prepare)
Gimp.displays_flush()
"""
ADOBE = "image.convert_color_profile(Gimp.ColorProfile.new_rgb_adobe(), Gimp.ColorRenderingIntent.PERCEPTUAL, False)\n"
DEEP = "precision(image, 'u16-linear')\n"
SHOWN = "answer = call('refocus', image, 'with-last-vals')"
EXPECTED = """
made = Gimp.Image.get_by_id(call("refocus", image, output="image")["image"])
answer = [dump_visible(made, folder + "/made.bin"), dump_visible(made, folder + "/srgb.bin", "R'G'B'A u16")]
made.delete()
"""
FOUND = """
made = latest()
answer = [dump_visible(made, folder + "/found.bin"), dump_visible(made, folder + "/in-srgb.bin", "R'G'B'A u16")]
answer.append(made.get_precision().value_nick)
"""


@pytest.fixture(scope="module")
def server(chroot, start_server):
    folder = chroot.folder("server")
    server = start_server((folder / "data").outside, (folder / "server.json").outside)
    return server, (folder / "server.json").inside


@pytest.fixture(scope="module")
def screen(start_screen):
    return start_screen(size=SIZE)


@pytest.fixture
def folder(chroot, server):
    """A home with the plugin, and with a picture."""
    made = chroot.folder("gimp")
    Image.fromarray(scene(400, 300)).save(made.outside / "scene.png")
    install(made)
    path = configuration(made) / "foveate.json"
    save(path, replace(load(path), runtime_file=server[1], ask_first=True))
    return made


@pytest.fixture
def start(chroot, folder, screen):
    """Start GIMP in that home."""
    return lambda: gimp_window(chroot, folder, screen, SIZE)


def has_left(folder):
    """Tell whether what was written down about a job says that its result waits."""
    found = [json.loads(path.read_text()) for path in (configuration(folder) / "foveate-jobs").glob("*")]
    return any(record["is_left"] for record in found)


@pytest.mark.parametrize("kind", [(ADOBE, "u8-non-linear"), (DEEP, "u16-linear")])
def test_a_killed_gimp_leaves_its_result_to_the_next(start, screen, folder, server, kind):
    prepare, precision = kind
    settings = configuration(folder) / "foveate.json"
    with start() as running:
        expected = running.run(OPEN + EXPECTED, folder=folder.inside, prepare=prepare)
        expected = [running.pixels(each).copy() for each in expected]
        path = running.start(OPEN + SHOWN, folder=folder.inside, prepare=prepare)
        wait_until(lambda: path.exists() or screen.windows("Preview: not applied yet"), 60, "the preview")
        assert not path.exists(), (path.read_text(), running.program.output[-3000:])
        os.kill(running.program.process.pid, signal.SIGKILL)
        running.program.process.wait(20)
        wait_until(lambda: has_left(folder), 30, "the caretaker")
        wait_until(lambda: not screen.windows("Preview"), 30, "the end of the dialog")
        with contextlib.suppress(ProcessLookupError):  # the hands, which do not notice it
            os.killpg(running.program.process.pid, signal.SIGKILL)
    (job,) = jobs_of(settings, server[0])
    assert job.state == "done"
    with start() as running:
        running.run(OPEN, folder=folder.inside, prepare=prepare)
        person = Person(running, screen)
        refocus = person.call("refocus")
        person.press("Foveate: Refocus", "Escape", picture="gimp-waiting-hint")
        assert refocus()["status"] == "cancel"
        told = person.call("waiting")
        person.press("Foveate: Waiting Results", "Return", picture="gimp-waiting")
        until_forgotten(settings, server[0])
        person.press("Foveate: Waiting Results", "Escape", picture="gimp-waiting-none")
        answer = told()
        assert (answer["status"], answer["given"]) == ("success", ["[]"])
        *found, kept = running.run(FOUND, folder=folder.inside)
        assert kept == precision
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(running.pixels(one), other)
