"""Layers chosen in the dialog of a GIMP with windows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fakes.layer_operations import operations
from foveate_shared.connection.settings import load, save
from hosts.gimp.person import Person
from hosts.gimp.program import gimp_window, install
from hosts.lib.photo import SIDE, edges, film_still, photo
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
    settings = folder.outside / ".config/GIMP/3.0/foveate.json"
    save(settings, replace(load(settings), runtime_file=(folder / "run/server.json").inside, ask_first=False))
    return stack.enter_context(gimp_window(chroot, folder, screen, SIZE))


@pytest.fixture
def person(running, screen, folder):
    for name, pixels in (("Portrait", photo()), ("Film still", film_still()), ("Edges", edges())):
        (folder.outside / f"{name}.raw").write_bytes(pixels.tobytes())
    running.run(OPEN, folder=folder.inside, WIDTH=SIDE, HEIGHT=SIDE, side=SIDE)
    return Person(running, screen)


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
