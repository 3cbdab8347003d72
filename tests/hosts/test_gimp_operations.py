"""GIMP follows the server's schemas: limits, defaults, choices, titles, and an operation that only the server has."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from PIL import Image

from foveate_shared.connection.settings import load, save
from foveate_shared.editor import known_server
from hosts.gimp.person import Person
from hosts.gimp.program import configuration, gimp_window, install
from hosts.gimp.scenes import scene
from hosts.lib.waiting import wait_until

SIZE = (1200, 900)
OPEN = """
image = load(folder + "/scene.png")
open_displays.append(Gimp.Display.new(image))
select(image, 20, 16, 48, 40)
Gimp.displays_flush()
"""
KNOWN = """
procedure = Gimp.get_pdb().lookup_procedure(PROCEDURES + name)
answer = None if procedure is None else {
    "label": procedure.get_menu_label(),
    "paths": procedure.get_menu_paths(),
    "arguments": {each.name: [getattr(each, word, None) for word in ("minimum", "maximum", "default_value")]
                  for each in procedure.get_arguments() if each.value_type.name in ("gint", "gdouble")},
}
"""


@pytest.fixture(scope="module")
def folder(chroot):
    made = chroot.folder("gimp")
    Image.fromarray(scene(160, 120)).save(made.outside / "scene.png")
    install(made, has_checkpoint=False)
    return made


@pytest.fixture(scope="module")
def settings(folder, start_server):
    home = (folder / "server").outside
    start_server(home, (folder / "server.json").outside, module="fakes.changed_server")
    path = configuration(folder) / "foveate.json"
    save(path, replace(load(path), runtime_file=(folder / "server.json").inside))
    return path


@pytest.fixture(scope="module")
def screen(start_screen):
    return start_screen(size=SIZE)


@pytest.fixture
def start(chroot, folder, screen):
    return lambda: gimp_window(chroot, folder, screen, SIZE)


def test_what_the_server_has_comes_with_the_next_start(start, screen, settings, folder):
    """First without any server seen: a script's arguments are there, and checked by what the server tells."""
    with start() as running:
        known = running.run(KNOWN, name="refocus")
        assert known["label"] == "_Refocus..."
        assert known["arguments"]["strength"][1] > 1e6
        assert running.run(KNOWN, name="soften") is None
        refused = running.run(f"{OPEN}answer = call('refocus', image, strength=0.95)", folder=folder.inside)
        assert "Force must be at most 0.9" in refused["error"] or "Strength must be at most 0.9" in refused["error"]
        person = Person(running, screen)
        finish = person.call("refocus")
        person.look("Foveate: Refocus", "gimp-operations-first")
        path = settings.with_name(known_server.FILE_NAME)
        wait_until(lambda: known_server.load(path)[0], 20, "what the server told")
        person.press("Foveate: Refocus", "Escape", picture="gimp-operations-news")
        assert finish()["status"] == "cancel"
    with start() as running:
        person = Person(running, screen)
        label = running.run(KNOWN, name="refocus")["label"]
        assert label.replace("_", "") == "Bring Into Focus..."  # as GIMP writes titles
        assert running.run(KNOWN, name="extend")["arguments"]["left"] == [0, 20000, 0]
        assert running.run(KNOWN, name="upscale")["arguments"]["scale"] == [2, 6, 4]
        assert running.run(KNOWN, name="faces")["arguments"]["min-score"] == [0.3, 1, 0.75]
        soften = running.run(KNOWN, name="soften")
        assert soften["label"].replace("_", "") == "Soften..."
        assert [path.partition("/[")[0] for path in soften["paths"]] == ["<Image>/Filters/Foveate"]
        assert soften["arguments"]["radius"] == [1, 9, 3]
        running.run(OPEN, folder=folder.inside)
        finish = person.call("soften")
        person.look("Foveate: Soften", "gimp-operations-soften")
        person.click("Foveate: Soften", 200, 28)  # into the radius
        person.keys("ctrl+a")
        person.type("5")
        person.keys("Tab", "alt+o")
        answer = finish()
        assert answer["status"] == "success", answer
        assert json.loads(answer["recipe"])["parameters"]["radius"] == 5
        assert answer["layer"]["name"].startswith("Soften")
