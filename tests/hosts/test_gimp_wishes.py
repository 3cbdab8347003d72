"""What a person tells a checkpoint in GIMP's dialogs: comparisons, larger canvases, variations, presets and prompts."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest
from PIL import Image

from foveate_server.engines.deterministic.tints import LORA, MODEL
from foveate_shared.connection.settings import load, save
from hosts.gimp.person import Person
from hosts.gimp.program import configuration, gimp_window, install
from hosts.gimp.scenes import scene
from hosts.gimp.waiting import until_forgotten

TITLE = "Deterministic checkpoint"  # of MODEL
SIZE = (1200, 1000)
OPEN = """
while open_displays:
    open_displays.pop().delete()
image = load(folder + "/scene.png")
open_displays.append(Gimp.Display.new(image))
select(image, 20, 16, 48, 40)
Gimp.displays_flush()
"""
SHEET = """
made = Gimp.Image.get_by_id(answer["image"])
answer["size"] = [made.get_width(), made.get_height()]
answer["made"] = layers(made)
answer["layers"] = layers(image)
made.delete()
"""


@pytest.fixture(scope="module")
def folder(chroot):
    made = chroot.folder("gimp")
    Image.fromarray(scene(160, 120)).save(made.outside / "scene.png")
    return made


@pytest.fixture(scope="module")
def server(folder, start_server):
    return start_server((folder / "server").outside, (folder / "server.json").outside)


@pytest.fixture(scope="module")
def settings(folder, server):
    install(folder)
    path = configuration(folder) / "foveate.json"
    save(path, replace(load(path), runtime_file=(folder / "server.json").inside))
    return path


@pytest.fixture(scope="module")
def screen(start_screen):
    return start_screen(size=SIZE)


@pytest.fixture(scope="module")
def running(chroot, folder, settings, screen, stack):
    return stack.enter_context(gimp_window(chroot, folder, screen, SIZE))


@pytest.fixture
def person(running, screen, folder, settings):
    save(settings, replace(load(settings), prompts=(), language=""))
    running.run(OPEN, folder=folder.inside)
    return Person(running, screen)


def parameters(answer):
    assert answer["status"] == "success", answer
    return json.loads(answer["recipe"])["parameters"]


def test_scripts_compare(running, folder, settings):
    code = "answer = call('compare', image, prompt='a door', strength=0.4, compared_seed='1, 2', "
    answer = running.run(f"{OPEN}{code}compared_loras={LORA!r} + ':0.5, none')\n{SHEET}", folder=folder.inside)
    used = parameters(answer)
    assert used["strength"] == 0.4
    one, none = [{"name": LORA, "weight": 0.5}], []
    expected = [(1, one), (1, none), (2, one), (2, none)]
    assert [(each["seed"], each["loras"]) for each in used["variants"]] == expected
    assert answer["size"][0] * answer["size"][1] > 5 * 48 * 40
    assert answer["layers"] == ["Background"]
    assert answer["made"] == ["Compare"]
    refused = running.run(f"{OPEN}answer = call('compare', image)", folder=folder.inside)
    assert refused["status"] == "execution-error"
    assert "There is nothing to compare." in refused["error"]


def test_a_comparison_is_chosen_in_its_dialog(person, settings, server):
    """From the prompt: negative prompt, preset, the lists of models, with its menu, of strengths, and of seeds."""
    finish = person.call("compare", SHEET)
    person.look("Foveate: Compare", "gimp-compare-empty")
    person.type("a red door")
    person.keys("alt+o")  # it does nothing yet: there is nothing to compare
    person.keys("Tab", "Tab", "Tab", "Tab", "space")
    time.sleep(0.5)
    person.screen.screenshot("gimp-compare-menu")
    person.keys("Down", "Return", "Tab")
    person.type("0.3, 0.6")
    person.keys("Tab")
    person.type("1, 2")
    person.look("Foveate: Compare", "gimp-compare")
    person.keys("alt+o")
    answer = finish()
    person.screen.screenshot("gimp-compared")
    variants = parameters(answer)["variants"]
    assert [(each["model"], each["strength"], each["seed"]) for each in variants] == [
        (MODEL, strength, seed) for strength in (0.3, 0.6) for seed in (1, 2)
    ]
    assert answer["layers"] == ["Background"]
    until_forgotten(settings, server)


def test_compare_in_german(person, settings):
    save(settings, replace(load(settings), language="de"))
    finish = person.call("compare")
    person.look("Foveate: Vergleichen", "gimp-compare-german")
    person.keys("Escape")
    assert finish()["status"] == "cancel"


def test_a_canvas_is_extended_from_its_dialog(person):
    """From the prompt: negative prompt, preset, variations, then left and top."""
    finish = person.call("extend", SHEET)
    person.look("Foveate: Extend canvas", "gimp-extend-empty")
    person.keys("Tab", "Tab", "Tab", "Tab", "ctrl+a")
    person.type("16")
    person.keys("Tab", "ctrl+a")
    person.type("24")
    person.keys("Tab")
    person.look("Foveate: Extend canvas", "gimp-extend")
    person.keys("alt+o")
    answer = finish()
    assert parameters(answer)["extend"] == {"left": 16, "top": 24, "right": 0, "bottom": 0}
    assert answer["size"] == [176, 144]
    assert answer["layers"] == ["Background"]


def test_several_variations_are_opened_as_images(person, running, settings, server):
    count = "answer = [layers(each) for each in Gimp.get_images()]"
    before = running.run(count)
    finish = person.call("fill", "answer['layers'] = layers(image)")
    person.look("Foveate: Fill", "gimp-fill-dialog")
    person.type("a door")
    person.keys("Tab", "Tab", "Tab", "ctrl+a")
    person.type("3")
    person.keys("Tab", "alt+o")
    person.look("Foveate: choose", "gimp-variations-three")
    person.keys("ctrl+a")
    width, height = person.look("Foveate: choose", "gimp-variations-all")
    person.click("Foveate: choose", width - 195, height - 30)  # Open as new image
    answer = finish()
    seed = parameters(answer)["seed"]
    assert answer["layers"] == ["Background"]
    made = [each for each in running.run(count) if each not in before]
    names = sorted(name for each in made for name in each)
    assert names == sorted(f"Fill ({TITLE}, seed {(seed + number) % 2**32})" for number in range(3))
    until_forgotten(settings, server)


def test_presets_keep_the_prompt_and_the_history_offers_it(person, settings):
    title = "Foveate: Fill"
    finish = person.call("fill")
    _, height = person.look(title, "gimp-history-none")
    person.type("a red door")
    person.keys("Tab", "Tab", "Tab", "ctrl+a")
    person.type("1")  # variation
    person.click(title, 278, height - 94)  # Save Settings
    person.look(title, "gimp-preset-saved")
    person.keys("alt+o")
    assert parameters(finish())["prompt"] == "a red door"
    assert load(settings).prompts == ("a red door",)

    finish = person.call("fill")
    person.look(title, "gimp-history")
    person.keys("ctrl+a")
    person.type("a blue wall")
    person.keys("alt+o")
    assert parameters(finish())["prompt"] == "a blue wall"
    assert load(settings).prompts == ("a blue wall", "a red door")

    finish = person.call("fill")
    person.look(title, "gimp-history-two")
    person.keys("Down", "Down")
    person.look(title, "gimp-history-chosen")
    person.keys("alt+o")
    assert parameters(finish())["prompt"] == "a red door"

    finish = person.call("fill")
    person.look(title, "gimp-history-three")
    person.keys("ctrl+a")
    person.type("something else")
    person.click(title, 98, height - 94)  # Load Saved Settings
    person.look(title, "gimp-preset-loaded")
    person.keys("alt+o")
    assert parameters(finish())["prompt"] == "a red door"
