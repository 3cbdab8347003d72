"""Checkpoints in a real Krita: what the docker shows of them, and what becomes of the document."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image
from skimage import data

from fakes.checkpoints import TinyCheckpoints
from foveate_server.engines.diffusion.quiet_libraries import quiet
from foveate_server.operations.with_checkpoint.contact_sheet import lay_out
from foveate_shared.geometry import Extent
from hosts.krita.program import krita
from hosts.lib.outside import program_outside
from hosts.test_krita_pictures import SHOW as SHOW_LOWER

SUITE = "foveate_server.engines.engine_specs:suite_spec"
SHOW = SHOW_LOWER.replace("1280, 860", "1280, 1000").replace("[170, 660]", "[140, 830]")
MODEL = "deterministic-diffusion"
SIDE = 256
FACE = (82, 15, 65, 85)  # x, y, width, height around the face
READY = 'wait_for(lambda: any(model.kind == "diffusion" for model in desk().models), 60)'
PREPARE = """
document = open_file(folder + "/photo.png")
select(document, *face, feather=4)
before = pixels(document, folder + "/before.raw")
form = docker().panel.task
form.choose("refocus")
form._model.wanted = model
form.refresh()
form.fields["prompt"].value = "portrait of an astronaut, sharp eyes"
form.fields["negative_prompt"].value = "blurry"
pump()
"""

COMPARE_LORAS = """
document = open_file(folder + "/photo.png")
select(document, *face)
form = docker().panel.task
form.choose("compare")
lists = form.fields["variants"].lists
lists["strength"].edit.setText("0.2, 0.6")
for action in lists["loras"].menu.actions():
    action.trigger()
pump()
verb = form.run_button.text()
form.run_button.click()
ended = finish(desk().jobs[0])
wait_for(lambda: app.activeDocument() != document)
pump(1)
answer = [ended["state"], verb, lists["loras"].value, names(app.activeDocument())]
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
form.variations.setValue(4)
form.run_button.click()
jobs = desk().jobs[::-1]
wait_for(lambda: all(job.waits_for_person for job in jobs), 60)
card = docker().panel.jobs.variations(jobs[0])
card._thumbs[id(jobs[2])].click()
pump(0.5)
kept["jobs"] = jobs
answer = [len(layers(app.activeDocument())), [job.parameters["seed"] for job in jobs]]
"""
        )
        screen.screenshot(f"krita-variations-{name}")
        applied = running.run(
            """
jobs = kept["jobs"]
docker().panel.jobs.card(jobs[2]).apply.click()
wait_for(lambda: not jobs[2].waits_for_person)
docker().panel.jobs.variations(jobs[0])._others.click()
pixels(app.activeDocument(), folder + "/after.raw")
answer = [state(jobs[2])["state"], names(app.activeDocument()), len(desk().jobs)]
""",
            folder=folder.inside,
        )
        running.run('trigger("edit_undo", app.activeDocument())')
        again = running.run(
            """
(job,) = desk().jobs
apply, undone = docker().panel.jobs.card(job).apply, names(app.activeDocument())
wait_for(apply.isVisible)
apply.click()
answer = [undone, finish(job)["state"], names(app.activeDocument()), apply.isVisible()]
pixels(app.activeDocument(), folder + "/again.raw")
""",
            folder=folder.inside,
        )
        running.run('trigger("edit_undo", app.activeDocument())')
        filled = running.run(
            """
form = docker().panel.task
form.choose("fill")
form.fields["prompt"].value = "a wall of brick"
form.fields["start"].value = "noise"
job = desk().run("fill", form.parameters())
answer = [finish(job)["state"], names(app.activeDocument()), job.parameters]
pixels(app.activeDocument(), folder + "/filled.raw")
""",
            folder=folder.inside,
        )
        extended = running.run(
            """
form = docker().panel.task
form.fields["extend"].area._group.button(1).click()
form.fields["extend"].value = {"right": 64, "bottom": 32}
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
        compared = running.run(COMPARE_LORAS, folder=folder.inside, face=FACE)
        screen.screenshot(f"krita-compare-{name}")
        running.run(
            """
form = docker().panel.task
form.choose("refocus")
form.findChild(Fold)._button.setChecked(True)
form.fields["loras"].value = [{"name": "deterministic-lora", "weight": 0.8}]
pump(0.5)
""".replace("form =", "from foveate.widgets import Fold\nform =")
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
    assert again == [["Background"], "done", ["Background", "Refocus"], False]
    assert (folder.outside / "again.raw").read_bytes() == (folder.outside / "after.raw").read_bytes()
    assert outside_is_untouched(folder) > 2
    assert filled[:2] == ["done", ["Background", "Fill"]]
    assert filled[2]["start"] == "noise"
    assert extended == ["done", SIDE + 64, SIDE + 32]
    assert compared == ["done", "Compare 4 variants", "deterministic-lora, none", ["Compare"]]
    filled_canvas = np.frombuffer((folder.outside / "filled.raw").read_bytes(), np.uint8)
    old = np.frombuffer((folder.outside / "old.raw").read_bytes(), np.uint8)
    assert np.array_equal(filled_canvas, old)


ADD = """
form = docker().panel.task
wait_for(lambda: desk().connection.is_ready and desk().models, 60)
pump()
kept["before"] = [form._segments[name].isVisible() for name in ("fill", "compare")]
kept["before"] += [app.action(name).isVisible() for name in ("foveate_fill", "foveate_extend", "foveate_compare")]
dialog = kept["dialog"] = form.open_adding()
dialog.what.setText(path)
dialog.add.click()
kept["ran"] = [desk().adder.is_running, dialog.stop.isVisible(), dialog.add.isEnabled()]
"""
ADDED = """
form, dialog = docker().panel.task, kept["dialog"]
wait_for(lambda: not desk().adder.is_running, 120)
wait_for(lambda: any(model.kind == "diffusion" for model in desk().models), 30)
pump(0.3)
after = [form._segments[name].isVisible() for name in ("fill", "compare")]
after += [app.action(name).isVisible() for name in ("foveate_fill", "foveate_extend", "foveate_compare")]
answer = [kept["before"], kept["ran"], dialog._said.text(), after, form._model.value, "prompt" in form.fields]
"""
COMPARE = """
document = app.activeDocument()
pixels(document, folder + "/before.raw")
app.action("foveate_compare").trigger()
form = docker().panel.task
lists = form.fields["variants"].lists
reason, focus = form.reason.text(), form.window().focusWidget() == lists["model"].edit
lists["model"].menu.actions()[0].trigger()
lists["strength"].edit.setText("0.3, 0.6")
lists["seed"].edit.setText("1, 2")
form.fields["prompt"].value = "portrait of an astronaut"
form.fields["num_inference_steps"].value = 4
pump(0.3)
kept["old"] = document
answer = [form.operation, reason, focus, form.run_button.text()]
"""
SHEET = """
form, old = docker().panel.task, kept["old"]
form.run_button.click()
job = desk().jobs[0]
ended = finish(job, 200)
wait_for(lambda: app.activeDocument() != old)
sheet = app.activeDocument()
pixels(old, folder + "/after.raw")
pixels(sheet, folder + "/sheet.raw")
outcomes = [[outcome.status, outcome.data.get("label", "")] for outcome in job.flow.result.outcomes]
kinds = [name for name in sheet.annotationTypes() if name.startswith("foveate/recipe/")]
answer = [ended["state"], ended["error"], [sheet.width(), sheet.height()], outcomes, names(old), names(sheet),
    len(kinds), job.flow.result.recipe["selection"]]
pump(1)
"""


@pytest.fixture
def workplace(chroot, start_server, folder, tmp_path, stack):
    """A server without a checkpoint, one in a folder, and a home whose plugin knows a program that adds it."""
    with quiet():
        chroot.copy_in(TinyCheckpoints(tmp_path).folder("sd1"), folder / "tiny")
    runtime_file, cache = folder / "run/server.json", str((folder / "cache").outside)
    start_server((folder / "server").outside, runtime_file.outside, SUITE, cache_dir=cache)
    env = {"FOVEATE_CACHE_DIR": cache, "FOVEATE_RUNTIME_FILE": str(runtime_file.outside)}
    program = stack.enter_context(program_outside(chroot, folder, env))
    settings = folder / ".local/share/krita/foveate/settings.json"
    settings.outside.parent.mkdir(parents=True)
    settings.outside.write_text(json.dumps({"version": 2, "client_id": "t", "server_command": [program, "serve"]}))
    return {"FOVEATE_RUNTIME_FILE": runtime_file.inside}


def test_a_checkpoint_is_added_from_the_docker_and_re_renders_and_compares(chroot, workplace, start_screen, folder):
    """SD 1.5's architecture, tiny, with random weights: the way is that of a real one, the picture is noise."""
    screen = start_screen(size=(1280, 1000))
    with krita(chroot, screen, folder, workplace) as running:
        running.run("docker()\npump(0.5)")
        running.run(ADD, path=(folder / "tiny").inside)
        added = running.run(ADDED, timeout=180)
        screen.screenshot("krita-added")
        running.run('kept["dialog"].close()\npump()')
        running.run(PREPARE, folder=folder.inside, face=FACE, model="tiny")
        running.run(SHOW)
        running.run(
            """
form = docker().panel.task
form.fields["num_inference_steps"].value = 4
form.fields["seed"].value = 7
kept["previews"] = 0
def count():
    job = desk().jobs and desk().jobs[0]
    if job and desk().previews.of(job) is not None:
        kept["previews"] += 1
desk().signals.changed.connect(count)
form.run_button.click()
kept["job"] = desk().jobs[0]
"""
        )
        ended = running.run(
            """
ended = finish(kept["job"], 150)
result = kept["job"].flow.result
pixels(app.activeDocument(), folder + "/after.raw")
answer = [ended["state"], names(app.activeDocument()), result.recipe["model"]["family"],
          result.recipe["parameters"]["seed"], kept["previews"]]
pump(0.5)
""",
            timeout=200,
            folder=folder.inside,
        )
        screen.screenshot("krita-checkpoint")
        difference = outside_is_untouched(folder)
        asked = running.run(COMPARE, folder=folder.inside)
        screen.screenshot("krita-compare-form")
        sheet = running.run(SHEET, timeout=260, folder=folder.inside)
        screen.screenshot("krita-compare")
        running.run("forget_all()")
    hidden, ran, said, shown, chosen, prompted = added
    assert hidden == [False] * 5
    assert ran == [True, True, False]
    assert said == "tiny (Stable Diffusion 1.x, float16) was added."
    assert (shown, chosen, prompted) == ([True] * 5, "tiny", True)
    state, names, family, seed, previews = ended
    assert (state, names, family, seed) == ("done", ["Background", "Refocus"], "sd1", 7)
    assert previews > 0
    assert difference > 5
    nothing = "There is nothing to compare. List models, strengths, seeds or LoRAs."
    assert asked == ["compare", nothing, True, "Compare 4 variants"]
    check_sheet(folder, sheet)


def check_sheet(folder, told):
    """A new document holds the original and all variants, side by side; the old one is what it was, to the byte."""
    state, error, extent, outcomes, names, own, recipes, selection = told
    assert (state, error) == ("done", "")
    assert (names, own, recipes) == (["Background", "Refocus"], ["Compare"], 1)
    assert [status for status, _ in outcomes] == ["done"] * 5
    assert len({label for _, label in outcomes}) == 5
    assert (folder.outside / "before.raw").read_bytes() == (folder.outside / "after.raw").read_bytes()
    before = np.frombuffer((folder.outside / "before.raw").read_bytes(), np.uint8).reshape(SIDE, SIDE, 4)
    sheet = np.frombuffer((folder.outside / "sheet.raw").read_bytes(), np.uint8).reshape(*extent[::-1], 4)
    x, y, width, height = selection["bounds"]
    planned = lay_out(Extent(width, height), 5, filter(None, (label for _, label in outcomes)))
    assert [planned.extent.width, planned.extent.height] == extent
    pictures = []
    for index in range(5):
        at = planned.picture_of(index)
        pictures.append(sheet[at.y : at.bottom, at.x : at.right, :3].astype(int))
    original = before[y : y + height, x : x + width, :3].astype(int)
    assert np.abs(pictures[0] - original).max() <= 1
    for index, picture in enumerate(pictures[1:], 1):
        assert min(np.abs(picture - other).mean() for other in pictures[:index]) > 1
