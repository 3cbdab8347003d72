"""Checkpoints in a real GIMP: prompts, variations, fill and extend, by script and by hand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from fakes.checkpoints import TinyCheckpoints
from foveate_server.engines.deterministic.tints import LORA, MODEL
from foveate_server.engines.diffusion.quiet_libraries import quiet
from foveate_shared.connection.settings import load, save
from hosts.gimp.person import Person
from hosts.gimp.program import configuration, gimp, install
from hosts.gimp.scenes import scene
from hosts.gimp.waiting import until_forgotten

TITLE = "Deterministic checkpoint"  # of MODEL
SIZE = (1200, 1000)
ADD_BUTTON = (77, 474)  # in the dialog of Fill without a checkpoint
SUITE = "foveate_server.engines.engine_specs:suite_spec"
OPEN = """
while open_displays:
    open_displays.pop().delete()
image = load(folder + "/scene.png")
open_displays.append(Gimp.Display.new(image))
select(image, 20, 16, 48, 40)
Gimp.displays_flush()
"""
LAYERS = "answer['layers'] = layers(image)"


@pytest.fixture(scope="module")
def folder(chroot):
    made = chroot.folder("gimp")
    Image.fromarray(scene(160, 120)).save(made.outside / "scene.png")
    return made


@pytest.fixture(scope="module")
def server(folder, start_server):
    return start_server((folder / "server").outside, (folder / "run/server.json").outside)


@pytest.fixture(scope="module")
def tiny(folder, start_server):
    """A server with a tiny checkpoint of SD 1.5's architecture, and random weights."""
    home = (folder / "tiny").outside
    home.mkdir()
    with quiet():
        checkpoint = TinyCheckpoints(home).folder("sd1")
    places = {"FOVEATE_DATA_DIR": str(home / "data"), "FOVEATE_CACHE_DIR": str(home / "cache")}
    command = [sys.executable, "-m", "foveate_server", "models", "add", str(checkpoint), "--name", "tiny"]
    subprocess.run(command, env={**os.environ, **places}, check=True, capture_output=True)
    runtime_file = (folder / "run/tiny.json").outside
    return start_server(home, runtime_file, SUITE, cache_dir=str(home / "cache"))


@pytest.fixture(scope="module")
def screen(start_screen):
    return start_screen(size=SIZE)


@pytest.fixture(scope="module")
def running(chroot, folder, server, screen, stack):
    install(folder)
    running = stack.enter_context(gimp(chroot, folder, screen.environment, console=False))
    screen.xdotool("windowsize", "--sync", screen.wait_for_window("GNU Image"), *SIZE)
    return running


@pytest.fixture
def settings(folder):
    return configuration(folder) / "foveate.json"


@pytest.fixture
def use(settings, folder):
    def change(runtime="server.json", **values):
        save(settings, replace(load(settings), runtime_file=(folder / f"run/{runtime}").inside, **values))

    change(ask_first=False, language="")
    return change


@pytest.fixture
def do(running, folder, use):
    def run_snippet(code, hand="left", **values):
        return running.run(code, hand, folder=folder.inside, **values)

    return run_snippet


@pytest.fixture
def person(running, screen, folder, do):
    do(OPEN)
    return Person(running, screen)


def parameters(answer):
    assert answer["status"] == "success", answer
    return json.loads(answer["recipe"])["parameters"]


def test_scripts_say_all_that_a_checkpoint_knows(do):
    answer = do(
        OPEN + "answer = call('refocus', image, model=model, prompt='a door', negative_prompt='text', strength=0.4, "
        "seed='4294967295', steps=7, guidance=2.0, loras=lora + ':0.5')",
        model=MODEL,
        lora=LORA,
    )
    used = parameters(answer)
    assert (used["prompt"], used["negative_prompt"], used["strength"]) == ("a door", "text", 0.4)
    assert (used["seed"], used["num_inference_steps"], used["guidance_scale"]) == (4294967295, 7, 2.0)
    assert used["loras"] == [{"name": LORA, "weight": 0.5}]
    assert answer["layer"]["name"] == f"Refocus ({TITLE})"


def test_variations_become_layers_with_seeds_that_count_up(do):
    answer = do(
        OPEN + "answer = call('refocus', image, prompt='a door', seed='7', variations=3); "
        "answer['layers'] = layers(image)"
    )
    assert answer["status"] == "success", answer
    assert answer["layers"] == [*(f"Refocus ({TITLE}, seed {seed})" for seed in (9, 8, 7)), "Background"]


def test_a_selection_is_filled_and_a_canvas_grows(do):
    filled = do(OPEN + "answer = call('fill', image, prompt='a wall', start='noise')")
    assert parameters(filled)["start"] == "noise"
    assert filled["layer"] is not None
    grown = do(
        OPEN + "answer = call('extend', image, left=16, bottom=32, prompt='a wall')\n"
        "made = Gimp.Image.get_by_id(answer['image'])\nanswer['size'] = [made.get_width(), made.get_height()]"
    )
    assert parameters(grown)["extend"] == {"left": 16, "top": 0, "right": 0, "bottom": 32}
    assert grown["size"] == [176, 152]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("'refocus', image, model='deterministic', prompt='a door'", "deterministic"),
        ("'extend', image", "The canvas grows on no side."),
        ("'refocus', image, loras='film:much'", "is no LoRA."),
    ],
)
def test_what_makes_no_sense_is_told_plainly(do, arguments, sentence):
    answer = do(f"{OPEN}answer = call({arguments})")
    assert answer["status"] == "execution-error"
    assert sentence in answer["error"]


def test_a_restorer_shows_nothing_of_prompts(person):
    finish = person.call("refocus", LAYERS)
    person.look("Foveate: Refocus", "gimp-restorer-dialog")
    person.keys("Escape")
    assert finish()["status"] == "cancel"


def test_variations_are_chosen_from_thumbnails(person, settings, server):
    """The prompt has the keyboard; negative prompt, preset and variations follow."""
    finish = person.call("fill", LAYERS)
    person.look("Foveate: Fill", "gimp-fill-dialog")
    person.type("a red door")
    person.keys("Tab", "Tab", "Tab", "ctrl+a")
    person.type("4")
    person.keys("Tab")
    person.look("Foveate: Fill", "gimp-checkpoint-dialog")
    person.keys("alt+o")
    person.look("Foveate: choose", "gimp-variations")
    person.keys("Return")
    answer = finish()
    assert parameters(answer)["prompt"] == "a red door"
    seed = parameters(answer)["seed"]
    assert answer["layers"] == [f"Fill ({TITLE}, seed {seed})", "Background"]
    until_forgotten(settings, server)
    assert load(settings).prompts[0] == "a red door"


def test_fill_in_german(person, use):
    use(language="de")
    finish = person.call("fill", LAYERS)
    person.look("Foveate: Füllen", "gimp-fill-german")
    person.keys("Escape")
    assert finish()["status"] == "cancel"


def test_a_tiny_checkpoint_of_the_true_architecture(do, running, use, tiny):
    use("tiny.json")
    answer = do(
        OPEN + "answer = call('fill', image, prompt='a door', seed='7', steps=2, model='tiny')\n"
        "answer['pixels'] = dump_visible(image, folder + '/tiny.bin')",
        timeout=120,
    )
    used = parameters(answer)
    assert used["num_inference_steps"] == 2
    assert json.loads(answer["recipe"])["model"]["family"] == "sd1"
    after, before = running.pixels(answer["pixels"])[..., :3].astype(int), scene(160, 120).astype(int)
    outside = np.ones(before.shape[:2], bool)
    outside[16:56, 20:68] = False
    assert (after[outside] == before[outside]).all()
    assert np.abs(after[16:56, 20:68] - before[16:56, 20:68]).mean() > 5


def test_without_a_checkpoint_the_dialog_says_what_to_get(person, use, folder, start_server):
    home = (folder / "bare").outside
    start_server(home, (folder / "run/bare.json").outside, SUITE, cache_dir=str(home / "cache"))
    use("bare.json")
    finish = person.call("fill", LAYERS)
    person.look("Foveate: Fill", "gimp-first-help")
    person.screen.xdotool("mousemove", *ADD_BUTTON, "click", 1)
    person.look("Foveate: add a model", "gimp-add-model")
    person.keys("Escape")
    person.look("Foveate: Fill", "gimp-first-help")
    person.keys("Escape")
    assert finish()["status"] == "cancel"
