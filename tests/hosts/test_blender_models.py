"""Models in Blender: one is added from its preferences, and does all that a checkpoint does there.

The checkpoints are tiny and have random weights, but every part is real: the way is that of a real one.
"""

from __future__ import annotations

import json
import os
import shutil

import numpy as np
import pytest
from skimage import data

from fakes.checkpoints import TinyCheckpoints
from foveate_server.config.server_config import load_config
from foveate_server.engines.diffusion.quiet_libraries import quiet
from foveate_server.models.registry import open_registry
from hosts.blender.desk import PENCIL, SIZE, Desk, blender_with_windows, make_home
from hosts.blender.program import blender
from hosts.lib.outside import program_outside

INSIDE = (slice(16, 56), slice(20, 68))
SUITE = "foveate_server.engines.engine_specs:suite_spec"
FACE = (176, 64, 112, 128)  # of the photo's person
DRAW_PREFERENCES = (
    PENCIL + "pencil = Pencil()\n"
    "with bpy.context.temp_override(**editor()):\n    add_model.draw(pencil, bpy.context)\n"
    "answer = ' '.join(pencil.drawn)"
)


@pytest.fixture(scope="module")
def folder(chroot):
    return make_home(chroot)


@pytest.fixture(scope="module")
def places(folder):
    """Where the server and the program that adds models keep things, as environment variables say it."""
    return {f"FOVEATE_{name.upper()}_DIR": str((folder / name).outside) for name in ("data", "cache")}


@pytest.fixture(scope="module")
def checkpoints(folder):
    (folder / "downloads").outside.mkdir()
    return TinyCheckpoints((folder / "downloads").outside)


@pytest.fixture(scope="module")
def env(folder, places, start_server):
    start_server(
        (folder / "server").outside,
        (folder / "run/server.json").outside,
        SUITE,
        cache_dir=places["FOVEATE_CACHE_DIR"],
        data_dir=places["FOVEATE_DATA_DIR"],
    )
    return {"FOVEATE_RUNTIME_FILE": (folder / "run/server.json").inside}


@pytest.fixture(scope="module")
def screen(start_screen):
    return start_screen(size=SIZE)


@pytest.fixture(scope="module")
def program(chroot, folder, places, stack):
    """A `foveate` that Blender can run."""
    return stack.enter_context(program_outside(chroot, folder, places))


@pytest.fixture(scope="module")
def running(chroot, folder, env, screen, stack):
    return stack.enter_context(blender_with_windows(chroot, folder, {**screen.environment, **env}))


@pytest.fixture(scope="module")
def added(running, folder, checkpoints, program):
    """A checkpoint that was added in the preferences, as a person does it; returns what they said of it."""
    running.run("runtime().change(server_command=(program, 'serve')); runtime().wake()", program=program)
    running.wait_for("runtime().connection.is_ready and runtime().models")
    assert not running.run("answer = runtime().has_checkpoint")
    with quiet():
        checkpoints.folder("sd1")
    source = (folder / "downloads/sd1").inside
    running.run(
        "bpy.context.window_manager.foveate.model_source = source\n"
        "answer = list(bpy.ops.foveate.add_model('INVOKE_DEFAULT'))",
        source=source,
    )
    running.wait_for("not runtime().adder.status.is_running", 120)
    running.wait_for("any(model.name == 'sd1' for model in runtime().models)")
    return running.run(DRAW_PREFERENCES)


@pytest.fixture
def desk(added, running, folder):
    desk = Desk(running, folder)
    desk.open()
    running.run("for entry in list(runtime().entries): runtime().discard(entry)")
    running.run(
        "p = bpy.context.window_manager.foveate\n"
        "p.operation, p.refocus_model, p.faces_model, p.upscale_model = 'refocus', 'sd1', 'sd1', 'sd1'\n"
        "p.refocus_prompt, p.refocus_num_inference_steps, p.refocus_strength, p.variations = 'a red door', 4, 0.7, 1"
    )
    yield desk
    running.check_output()


def recipe(desk, name):
    return json.loads(desk.running.run("answer = bpy.data.images[name]['foveate_recipe']", name=name))


def changed(desk, name, before="in"):
    return (desk.pixels(before) != desk.pixels(name)).any(axis=2)


def test_a_model_is_added_from_the_preferences(added, desk, running):
    assert "sd1 (Stable Diffusion 1.x, float16) was added" in added
    assert "24 GB" not in added  # the help for who has no checkpoint is gone
    assert {"prompt", "fill", "extend", "compare"} <= set(
        running.run(PENCIL + "answer = drawn(panels.FoveateMainPanel)")
    )


def test_it_re_renders_a_region_and_shows_how_that_becomes(desk, running, screen):
    running.run("bpy.context.window_manager.foveate.refocus_num_inference_steps = 30")
    desk.press()
    preview = "[key for key in runtime().previews._icons if key.endswith(' preview')]"
    running.wait_for(f"runtime().entries[0].preview is not None and {preview}", 100)
    screen.screenshot("blender-live")
    picture = running.run(f"answer = [list(runtime().previews._icons[key].image_pixels_float) for key in {preview}][0]")
    assert np.std(picture) > 0.05
    state = desk.wait_for_state("done", "failed", timeout=150)
    assert state["shown"] == "in, Refocus (sd1)", state["error"]
    assert running.run("answer = runtime().entries[0].preview") is None
    parts = changed(desk, state["shown"])
    assert parts[INSIDE].mean() > 0.5
    parts[INSIDE] = False
    assert not parts.any()
    assert recipe(desk, state["shown"])["parameters"]["num_inference_steps"] == 30


def test_it_enlarges_a_region(desk, running):
    running.run(
        "p = bpy.context.window_manager.foveate; p.operation, p.upscale_scale, p.upscale_target = 'upscale', '2', 'new'"
    )
    desk.press("upscale")
    state = desk.wait_for_state("done", "failed", timeout=150)
    assert state["shown"] == "in, Upscale (sd1)", state["error"]
    assert desk.pixels(state["shown"]).shape == (80, 96, 4)
    assert recipe(desk, state["shown"])["parameters"]["prompt"] == "a red door"


def test_it_compares_strengths(desk, running):
    running.run("p = bpy.context.window_manager.foveate; p.operation, p.compare_strengths = 'compare', '0.3, 0.9'")
    desk.press("compare")
    state = desk.wait_for_state("done", "failed", timeout=150)
    assert state["shown"] == "in, Compare", state["error"]
    told = running.run("answer = [outcome.data for outcome in runtime().entries[0].flow.outcomes]")
    assert [each.get("strength") for each in told] == [None, 0.3, 0.9]


@pytest.mark.weights
def test_a_face_that_it_cannot_draw_is_kept_and_that_is_said(desk, running, places):
    detector = open_registry(load_config(environment=os.environ)).path("centerface").parent
    shutil.copytree(detector, f"{places['FOVEATE_CACHE_DIR']}/centerface", dirs_exist_ok=True)
    photo = data.astronaut()
    opaque = np.full((*photo.shape[:2], 1), 255, np.uint8)
    desk.open_samples(np.concatenate([photo, opaque], axis=2)[::-1], FACE)
    running.run("p = bpy.context.window_manager.foveate; p.operation, p.faces_strength = 'faces', 0.7")
    desk.press("faces")
    state = desk.wait_for_state("done", "failed", timeout=150)
    assert (state["images"], state["error"]) == (["in"], "")
    shown = " ".join(running.run(PENCIL + "answer = drawn(panels.FoveateResultsPanel)"))
    assert "was no longer recognised as one, so the original was kept" in " ".join(shown.split())


RENDER = """
scene = bpy.context.scene
scene.render.engine = "CYCLES"
scene.cycles.device, scene.cycles.samples, scene.cycles.use_denoising = "CPU", 1, False
scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = 96, 64, 100
scene.foveate.refocus_renders, scene.foveate.render_box = True, (0.25, 0.25, 0.75, 0.75)
bpy.context.preferences.view.render_display_type = "NONE"
with bpy.context.temp_override(**editor()):
    bpy.ops.render.render("INVOKE_DEFAULT")
"""


def test_finished_renders_get_what_the_last_refocus_was_told(desk, running):
    desk.press()
    state = desk.wait_for_state("done", "failed", timeout=150)
    assert state["state"] == "done", state["error"]
    running.run(RENDER)
    try:
        running.wait_for("'Scene, frame 1, Refocus' in bpy.data.images", 150)
    finally:
        running.run("bpy.context.scene.foveate.refocus_renders = False")
    told = recipe(desk, "Scene, frame 1, Refocus")
    assert (told["model"]["name"], told["parameters"]["prompt"]) == ("sd1", "a red door")
    assert told["parameters"]["num_inference_steps"] == 4
    running.run(
        "bpy.ops.foveate.refocus(image='Render Result', rect=(24, 16, 48, 32), result='plain', strength=0, model='sd1')"
    )
    parts = changed(desk, "Scene, frame 1, Refocus", before="plain")
    assert parts[16:48, 24:72].mean() > 0.5
    parts[16:48, 24:72] = False
    assert not parts.any()


def test_without_windows_adding_waits_for_the_end(added, chroot, folder, env, checkpoints):
    with quiet():
        checkpoints.folder("sd1-inpainting")
    with blender(chroot, folder, env) as other:
        said = other.run(
            "answer = list(bpy.ops.foveate.add_model(source=source))",
            source=(folder / "downloads/sd1-inpainting").inside,
            timeout=120,
        )
        assert said == ["FINISHED"]
        other.save("in", np.full((80, 96, 4), 128, np.uint8))
        filled = other.run(
            "put('in', 'in')\n"
            "bpy.ops.foveate.fill(image='in', rect=(20, 16, 48, 40), model='sd1-inpainting', num_inference_steps=2,"
            " result='filled')\n"
            "answer = grab(bpy.data.images['filled'], 'filled')",
            timeout=150,
        )
        assert filled["recipe"]["model"]["name"] == "sd1-inpainting"
        refused = other.run(
            "try: bpy.ops.foveate.add_model(source='/nowhere/at-all.safetensors'); answer = ''\n"
            "except RuntimeError as error: answer = str(error)",
            timeout=120,
        )
        assert "at-all.safetensors" in refused
        other.quit()


def test_a_model_that_cannot_be_added_is_said_in_the_preferences(added, running):
    command = running.run("answer = runtime().settings.server_command")
    running.run("runtime().change(server_command=('/nowhere/foveate', 'serve'))")
    try:
        running.run("answer = list(bpy.ops.foveate.add_model(source='/pictures/tune.safetensors'))")
        running.wait_for("not runtime().adder.status.is_running")
        assert "cannot be started: /nowhere/foveate" in running.run(DRAW_PREFERENCES)
        running.run("bpy.context.window_manager.foveate.model_source = ''; bpy.ops.foveate.copy_add_command()")
        copied = running.run("answer = bpy.context.window_manager.clipboard")
        assert copied == "/nowhere/foveate models add FILE"
    finally:
        running.run("runtime().change(server_command=tuple(command))", command=command)
    running.check_output()
