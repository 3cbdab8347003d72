"""What waits for a person in a real Blender: results, also after a restart, and what takes long before it is begun."""

from __future__ import annotations

import json

import numpy as np
import pytest

from hosts.blender.desk import PENCIL, SIZE, Desk, blender_with_windows, make_home
from hosts.blender.pictures import HEIGHT, WIDTH
from hosts.lib.servers import SLOW

INSIDE = (slice(16, 56), slice(20, 68))
MODEL = "deterministic-diffusion"
WISH = """
p = bpy.context.window_manager.foveate
p.operation, p.refocus_model, p.refocus_prompt, p.variations = "refocus", model, "a red door", 3
bpy.ops.wm.save_as_mainfile(filepath=file)
"""
LISTED = """
entries = runtime().entries
answer = {"titles": [entry.title for entry in entries], "seeds": [entry.parameters["seed"] for entry in entries],
    "jobs": [entry.flow.job for entry in entries], "groups": len(runtime().groups())}
"""
LIGHT = """
import os
themes = bpy.utils.preset_paths("interface_theme")
file = next(os.path.join(folder, name) for folder in themes for name in os.listdir(folder) if "light" in name.lower())
bpy.ops.script.execute_preset(filepath=file, menu_idname="USERPREF_MT_interface_theme_presets")
"""


@pytest.fixture
def folder(chroot):
    return make_home(chroot)


@pytest.fixture
def screen(start_screen):
    return start_screen(size=SIZE)


@pytest.fixture
def start(chroot, folder, screen):
    """Start Blender in that home, with a server of that runtime file."""
    env = {**screen.environment, "FOVEATE_RUNTIME_FILE": (folder / "run/server.json").inside}
    return lambda: blender_with_windows(chroot, folder, env)


OUR_TAB = """
regions = {region.type: region for region in editor()["area"].regions}
regions["UI"].active_panel_category = "Foveate"
"""


def set_up(running, folder, theme, language):
    desk = Desk(running, folder)
    if theme == "light":
        running.run(LIGHT)
    running.run("runtime().change(language=language)", language=language)
    return desk


def show_our_tab(desk):
    """Let the panel be drawn: with that, the connection begins."""
    desk.running.run(OUR_TAB)
    desk.settle()


def leave(running):
    """Quit, as Blender's menu does."""
    running.start("bpy.ops.wm.quit_blender()")
    running.program.wait(60).check()
    running.check_output()


@pytest.mark.parametrize(("theme", "language"), [("dark", "en"), ("light", "de")])
def test_variations_outlive_blender(start, folder, start_server, screen, theme, language):  # noqa: PLR0917
    start_server((folder / "server").outside, (folder / "run/server.json").outside)
    file = (folder / "in.blend").inside
    with start() as running:
        desk = set_up(running, folder, theme, language)
        desk.open()
        running.wait_for("runtime().connection.is_ready and runtime().has_checkpoint")
        running.run(WISH, model=MODEL, file=file)
        desk.press()
        desk.wait_for_the_end()
        before = running.run(LISTED)
        leave(running)
    with start() as running:
        desk = set_up(running, folder, theme, language)
        show_our_tab(desk)
        running.wait_for("runtime().connection.is_ready")
        running.wait_for("len(runtime().entries) == 3 and all(e.waits_for_person for e in runtime().entries)")
        listed = running.run(LISTED)
        shown = running.run(PENCIL + "answer = drawn(panels.FoveateResultsPanel)")
        desk.settle()
        screen.screenshot(f"blender-listed-again-{theme}-{language}")
        alone = apply(desk, listed["jobs"][0])
        alone_pixels = desk.pixels(alone["shown"])
        running.run("bpy.ops.wm.open_mainfile(filepath=file)", file=file)
        desk.show_editor()
        running.run("editor()['area'].spaces.active.image = bpy.data.images['in']")
        original = desk.pixels("in")
        within = apply(desk, listed["jobs"][1])
        within_pixels = desk.pixels(within["shown"])
        desk.settle()
        screen.screenshot(f"blender-taken-{theme}-{language}")
        desk.do("bpy.ops.ed.undo()")
        undone = desk.state()["shown"]
        desk.do(f"bpy.ops.foveate.discard(job={listed['jobs'][2]!r})")
        leave(running)
    with start() as running:
        show_our_tab(Desk(running, folder))
        running.wait_for("runtime().connection.is_ready and runtime().models")  # the jobs came before them
        left = running.run("answer = len(runtime().entries)")
    assert listed == before
    assert listed["groups"] == 1
    assert all(title.endswith(": in") for title in listed["titles"])
    assert shown.count("foveate.apply_result") == 3
    assert "foveate.again" not in shown
    assert alone["shown"].startswith("in, Refocus")
    assert alone["seed"] == listed["seeds"][0]
    assert alone_pixels.shape == (HEIGHT, WIDTH, 4)
    assert (alone_pixels[INSIDE][..., 3] == 1).mean() > 0.5
    alone_pixels[INSIDE] = 0
    assert not alone_pixels[..., 3].any()
    assert within["seed"] == listed["seeds"][1]
    changed = (within_pixels != original).any(axis=2)
    assert changed[INSIDE].mean() > 0.5
    changed[INSIDE] = False
    assert not changed.any()
    assert undone == "in"
    assert left == 0


def apply(desk, job):
    """Apply a result by the panel's button; return what the editor shows then, and its seed."""
    desk.do(f"bpy.ops.foveate.apply_result(job={job!r})")
    shown = desk.state()["shown"]
    recipe = json.loads(desk.running.run("answer = bpy.data.images[name]['foveate_recipe']", name=shown))
    return {"shown": shown, "seed": recipe["parameters"]["seed"]}


HELD = "runtime().entries and runtime().entries[0].flow.is_held"


@pytest.mark.parametrize(("theme", "language"), [("dark", "en"), ("light", "de")])
def test_all_of_a_large_image_waits_for_a_yes(start, folder, start_server, screen, theme, language):  # noqa: PLR0917
    start_server((folder / "server").outside, (folder / "run/server.json").outside, SLOW)
    coarse = np.random.default_rng(2).integers(0, 256, (20, 26, 4), np.uint8)
    coarse[..., 3] = 255
    large = coarse.repeat(100, axis=0).repeat(100, axis=1)
    with start() as running:
        desk = set_up(running, folder, theme, language)
        desk.open_samples(large, (0, 0, 0, 0))
        running.wait_for("runtime().connection.is_ready and runtime().models")
        desk.strike("MOUSEMOVE", value="NOTHING")
        desk.press()
        running.wait_for(HELD)
        desk.settle()
        screen.screenshot(f"blender-question-{theme}-{language}")
        question = running.run("answer = runtime().question(runtime().entries[0])")
        desk.strike("ESC")
        refused = desk.wait_for_state("cancelled")
        desk.do("bpy.ops.foveate.again()")
        running.wait_for(HELD)
        desk.settle()
        desk.strike("RET")
        running.wait_for("runtime().entries[0].flow.status.state.value == 'running'")
        desk.do("bpy.ops.foveate.cancel()")
        desk.wait_for_the_end()
        panel = "bpy.context.window_manager.foveate."
        running.run(f"{panel}region = 'ALL'")
        desk.press()
        running.wait_for("runtime().entries[0].flow.status.state.value == 'running'")
        desk.do("bpy.ops.foveate.cancel()")
        desk.wait_for_the_end()
        running.check_output()
    assert question.startswith({"en": "Nothing is selected", "de": "Nichts ist ausgewählt"}[language])
    assert refused["images"] == ["in"]
