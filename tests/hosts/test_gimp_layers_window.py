"""Layers chosen in the dialog of a GIMP with windows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fakes.layer_operations import operations
from foveate_shared.connection.settings import load, save
from hosts.gimp.person import LATEST, Person
from hosts.gimp.program import configuration, gimp_window, install
from hosts.lib.photo import SIDE, edges, film_still, photo
from hosts.lib.waiting import wait_until
from hosts.test_gimp_layers import SCENE

SIZE = (1200, 820)
DIALOG = "Foveate: Take over"
OPEN = (
    SCENE
    + """
while open_displays:
    open_displays.pop().delete()
image = new_image("U8_NON_LINEAR", side, side)
for name in ("Portrait", "Film still", "Edges"):
    add(image, name, (0, 0, side, side), Gimp.ImageType.RGBA_IMAGE).set_visible(name == "Portrait")
open_displays.append(Gimp.Display.new(image))
Gimp.displays_flush()
answer = image.get_id()
"""
)
CONTROL, REFERENCE = (330, 30), (330, 70)  # the boxes, in the dialog


@pytest.fixture(scope="module")
def folder(chroot):
    made = chroot.folder("gimp")
    install(made, known=operations)
    return made


@pytest.fixture(scope="module")
def screen(start_screen):
    return start_screen(size=SIZE)


@pytest.fixture(scope="module")
def running(chroot, folder, screen, start_server, stack):
    start_server((folder / "server").outside, (folder / "run/server.json").outside, module="fakes.layer_operations")
    settings = configuration(folder) / "foveate.json"
    save(settings, replace(load(settings), runtime_file=(folder / "run/server.json").inside, ask_first=False))
    return stack.enter_context(gimp_window(chroot, folder, screen, SIZE))


@pytest.fixture
def person(running, screen, folder):
    for name, pixels in (("Portrait", photo()), ("Film still", film_still()), ("Edges", edges())):
        (folder.outside / f"{name}.raw").write_bytes(pixels.tobytes())
    running.run(OPEN, folder=folder.inside, WIDTH=SIDE, HEIGHT=SIDE, side=SIDE)
    return Person(running, screen)


@pytest.fixture
def asks_first(folder):
    settings = configuration(folder) / "foveate.json"
    before = load(settings)
    save(settings, replace(before, ask_first=True))
    yield
    save(settings, before)


def choose(person, place, steps):
    """Open a drop-down list, go some entries down, and take that."""
    person.click(DIALOG, *place)
    person.keys(*["Down"] * steps, "Return")


def test_layers_are_chosen_in_the_dialog(person, running, folder):
    answer = person.call(
        "take", f"answer['pixels'] = dump(Gimp.Item.get_by_id(answer['layer']['id']), '{folder.inside}/taken.raw')"
    )
    person.look(DIALOG, "gimp-pictures-missing")
    choose(person, REFERENCE, 2)  # the lower one first: a tip lies below the mouse
    person.look(DIALOG)
    choose(person, CONTROL, 1)
    person.look(DIALOG, "gimp-pictures")
    person.keys("alt+o")
    ended = answer()
    assert ended["status"] == "success"
    assert np.array_equal(running.pixels(ended["pixels"]), edges())


def test_a_report_waits_for_a_yes(person, asks_first):
    answer = person.call("weigh", mode="with-last-vals")
    person.press("Preview: not applied yet", "Return", picture="gimp-preview-report")
    ended = answer()
    assert (ended["status"], ended["notes"]) == ("success", f"pixels: {SIDE * SIDE}\nkind: photo")


def test_a_selection_for_an_image_of_another_size_waits_at_the_server(person, running, asks_first, folder):
    answer = person.call("pick", mode="with-last-vals")
    person.look("Preview: not applied yet", "gimp-preview-selection")
    running.run(f"{LATEST}image.resize({SIDE + 8}, {SIDE}, 4, 0)", "right")
    person.press("Preview: not applied yet", "Return")
    person.press("^Foveate$", "Return", picture="gimp-selection-of-another-size")  # it cannot be applied all the same
    assert answer()["status"] == "cancel"  # by Close: the result waits
    told = person.call("waiting")
    person.look("Foveate: Waiting Results", "gimp-waiting-selection")
    count = "answer = len(Gimp.get_images())"
    before = running.run(count, "right")

    def opened():
        person.keys("Return")  # does nothing while the result is being fetched
        return running.run(count, "right") > before

    wait_until(opened, 60, "the image")
    person.press("Foveate: Waiting Results", "Escape", picture="gimp-waiting-selection-opened")
    assert told()["given"] == ["[]"]
    made = running.run(f"{LATEST}answer = dump_visible(image, {folder.inside!r} + '/picked.raw', \"Y' u8\")")
    assert np.array_equal(running.pixels(made)[..., 0], np.where(photo()[..., 0] > 127, 255, 0))
