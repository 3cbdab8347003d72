"""Checkpoints in a real Krita: what the docker shows of them, and what becomes of the document."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from skimage import data

from fakes.checkpoints import TinyCheckpoints
from foveate_server.engines.diffusion.silence import quiet
from hosts.krita.program import krita
from hosts.test_krita_pictures import SHOW as SHOW_LOWER

SUITE = "foveate_server.engines.catalog:suite_spec"
SHOW = SHOW_LOWER.replace("1280, 860", "1280, 1000").replace("[170, 660]", "[140, 830]")
MODEL = "deterministic-diffusion"
SIDE = 256
FACE = (82, 15, 65, 85)  # x, y, width, height around the face
READY = 'wait_for(lambda: any(model.kind == "diffusion" for model in desk().bench.models), 60)'
PREPARE = """
document = open_file(folder + "/photo.png")
select(document, *face, feather=4)
before = pixels(document, folder + "/before.raw")
form = docker().panel.task
form.choose("refocus")
form._model.wanted = model
form.refresh()
form.checkpoint.prompt.value = "portrait of an astronaut, sharp eyes"
form.checkpoint.negative.value = "blurry"
pump()
"""


@pytest.fixture
def folder(chroot):
    made = chroot.folder("krita")
    Image.fromarray(data.astronaut()[::2, ::2]).save(made.outside / "photo.png")
    return made


def outside_is_untouched(folder, width=SIDE, height=SIDE):
    before, after = (
        np.frombuffer((folder.outside / f"{part}.raw").read_bytes(), np.uint8).reshape(height, width, 4)
        for part in ("before", "after")
    )
    x, y, w, h = FACE
    outside = np.ones((height, width), bool)
    outside[y - 10 : y + h + 10, x - 10 : x + w + 10] = False
    assert np.array_equal(before[outside], after[outside])
    return float(np.abs(before[y : y + h, x : x + w].astype(int) - after[y : y + h, x : x + w]).mean())


@pytest.mark.parametrize(("theme", "name"), [("Krita dark", "dark"), ("Krita bright", "light")])
def test_prompts_variations_fill_and_a_larger_canvas(chroot, start_server, start_screen, folder, theme, name):  # noqa: PLR0917
    runtime_file = folder / "run/server.json"
    start_server((folder / "server").outside, runtime_file.outside)
    screen = start_screen(size=(1280, 1000))
    with krita(chroot, screen, folder, {"FOVEATE_RUNTIME_FILE": runtime_file.inside}, theme) as running:
        running.run(PREPARE.replace("form =", f"{READY}\nform ="), folder=folder.inside, face=FACE, model=MODEL)
        running.run(SHOW)
        chosen = running.run(
            """
form = docker().panel.task
form.checkpoint._variations.setValue(4)
form.run_button.click()
jobs = desk().jobs[::-1]
wait_for(lambda: all(job.entry.waits_for_person for job in jobs), 60)
card = docker().panel.jobs.variations(jobs[0])
card._thumbs[id(jobs[2])].click()
pump(0.5)
kept["jobs"] = jobs
answer = [len(layers(app.activeDocument())), [job.entry.parameters["seed"] for job in jobs]]
"""
        )
        screen.screenshot(f"krita-variations-{name}")
        applied = running.run(
            """
jobs = kept["jobs"]
docker().panel.jobs.card(jobs[2]).apply.click()
wait_for(lambda: not jobs[2].entry.waits_for_person)
docker().panel.jobs.variations(jobs[0])._others.click()
pixels(app.activeDocument(), folder + "/after.raw")
answer = [state(jobs[2])["state"], names(app.activeDocument()), len(desk().jobs)]
""",
            folder=folder.inside,
        )
        running.run('trigger("edit_undo", app.activeDocument())')
        filled = running.run(
            """
form = docker().panel.task
form.choose("fill")
form.checkpoint.prompt.value = "a wall of brick"
form.fields["fill"].start.value = "noise"
job = desk().run("fill", form.parameters())
answer = [finish(job)["state"], names(app.activeDocument()), job.entry.parameters]
pixels(app.activeDocument(), folder + "/filled.raw")
""",
            folder=folder.inside,
        )
        extended = running.run(
            """
form = docker().panel.task
form.fields["fill"].area._group.button(1).click()
form.fields["fill"].extend.value = {"right": 64, "bottom": 32}
pump()
form.run_button.click()
job = desk().jobs[0]
kept["steps"] = finish(job)["state"]
wait_for(lambda: app.activeDocument().width() > 256)
document = app.activeDocument()
answer = [kept["steps"], document.width(), document.height()]
old = bytes(document.pixelData(0, 0, 256, 256))
Path(folder + "/old.raw").write_bytes(old)
pump(0.5)
""",
            folder=folder.inside,
        )
        screen.screenshot(f"krita-fill-{name}")
        running.run(
            """
form = docker().panel.task
form.choose("refocus")
form.findChild(Fold)._button.setChecked(True)
form._more._fields["loras"].value = [{"name": "deterministic-lora", "weight": 0.8}]
pump(0.5)
""".replace("form =", "from foveate.parts import Fold\nform =")
        )
        screen.screenshot(f"krita-more-{name}")
        running.run(
            """
kept["dialog"] = docker().panel.task.open_adding()
kept["dialog"].what.setText("/home/me/my-tune.safetensors")
pump(0.5)
"""
        )
        screen.screenshot(f"krita-add-{name}")
        running.run('kept["dialog"].close()\nforget_all()')
    layers, seeds = chosen
    assert layers == 1
    assert seeds == [(seeds[0] + number) % (1 << 32) for number in range(4)]
    assert applied == ["done", ["Background", "Refocus"], 1]
    assert outside_is_untouched(folder) > 2
    assert filled[:2] == ["done", ["Background", "Fill"]]
    assert filled[2]["start"] == "noise"
    assert extended == ["done", SIDE + 64, SIDE + 32]
    filled_canvas = np.frombuffer((folder.outside / "filled.raw").read_bytes(), np.uint8)
    old = np.frombuffer((folder.outside / "old.raw").read_bytes(), np.uint8)
    assert np.array_equal(filled_canvas, old)


def test_a_real_checkpoint_re_renders_the_selection(chroot, start_server, start_screen, folder, tmp_path):
    """SD 1.5's architecture, tiny, with random weights: the way is that of a real one, the picture is noise."""
    with quiet():
        checkpoint = TinyCheckpoints(tmp_path).folder("sd1")
    cache = str((folder / "cache").outside)
    adding = [sys.executable, "-m", "foveate_server", "models", "add", str(checkpoint), "--name", "tiny"]
    subprocess.run(adding, env={**os.environ, "FOVEATE_CACHE_DIR": cache}, check=True, timeout=120)
    runtime_file = folder / "run/server.json"
    start_server((folder / "server").outside, runtime_file.outside, SUITE, cache_dir=cache)
    screen = start_screen(size=(1280, 1000))
    with krita(chroot, screen, folder, {"FOVEATE_RUNTIME_FILE": runtime_file.inside}) as running:
        running.run(PREPARE.replace("form =", f"{READY}\nform ="), folder=folder.inside, face=FACE, model="tiny")
        running.run(SHOW)
        running.run(
            """
form = docker().panel.task
form._more._fields["num_inference_steps"].value = 4
form._more._fields["seed"].value = 7
kept["previews"] = 0
def count():
    job = desk().jobs and desk().jobs[0]
    if job and job.entry.preview is not None:
        kept["previews"] += 1
desk().changed.connect(count)
form.run_button.click()
kept["job"] = desk().jobs[0]
"""
        )
        ended = running.run(
            """
ended = finish(kept["job"], 150)
result = kept["job"].entry.flow.result
pixels(app.activeDocument(), folder + "/after.raw")
answer = [ended["state"], names(app.activeDocument()), result.recipe["model"]["family"],
          result.recipe["parameters"]["seed"], kept["previews"]]
pump(0.5)
""",
            timeout=200,
            folder=folder.inside,
        )
        screen.screenshot("krita-checkpoint")
        running.run("forget_all()")
    state, names, family, seed, previews = ended
    assert (state, names, family, seed) == ("done", ["Background", "Refocus"], "sd1", 7)
    assert previews > 0
    assert outside_is_untouched(folder) > 5
