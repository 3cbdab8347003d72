"""What a person reaches for in Blender's windows: drag, menu, shortcut, masks, two images, history, settings."""

from __future__ import annotations

import json

import numpy as np
import pytest

from hosts.blender.desk import SIZE, Desk, blender_with_windows, make_home
from hosts.blender.pictures import HEIGHT, WIDTH
from hosts.blender.program import blender
from hosts.lib.servers import SLOW

INSIDE = (slice(16, 56), slice(20, 68))
RESULT = "in, Refocus (deterministic-x4)"


@pytest.fixture(scope="module")
def folder(chroot):
    return make_home(chroot)


@pytest.fixture(scope="module")
def env(folder, start_server):
    start_server((folder / "server").outside, (folder / "run/server.json").outside)
    return {"FOVEATE_RUNTIME_FILE": (folder / "run/server.json").inside}


@pytest.fixture(scope="module")
def slow(folder, start_server):
    return start_server((folder / "slow").outside, (folder / "run/slow.json").outside, SLOW)


@pytest.fixture(scope="module")
def running(chroot, folder, env, start_screen, stack):
    screen = start_screen(size=SIZE)
    return stack.enter_context(blender_with_windows(chroot, folder, {**screen.environment, **env}))


@pytest.fixture
def desk(running, folder):
    desk = Desk(running, folder)
    desk.connect("server.json")
    desk.open()
    yield desk
    running.check_output()


def changed_in(desk, name=RESULT, before="in"):
    return (desk.pixels(before) != desk.pixels(name)).any(axis=2)


@pytest.mark.parametrize("ending", ["click", "Esc"])
def test_a_click_or_esc_leaves_the_rectangle_as_it_was(desk, running, ending):
    desk.do("bpy.ops.foveate.select_region('INVOKE_DEFAULT')")
    desk.strike("MOUSEMOVE", value="NOTHING")
    desk.strike(*(("LEFTMOUSE",) if ending == "click" else ("ESC",)))
    operators = "any(o.bl_idname == 'FOVEATE_OT_select_region' for o in editor()['window'].modal_operators)"
    running.wait_for(f"not {operators}")
    assert running.run("answer = list(bpy.data.images['in'].foveate.rect)") == [20, 16, 48, 40]


def test_the_menu_is_drawn_and_its_entries_can_be_found(desk, running):
    drawn = running.run("""
class Pencil:
    names = []
    operator_context = ""
    def operator(self, name, **_): self.names.append(name)
    def separator(self): pass
menu = type("Menu", (), {"layout": Pencil()})()
bpy.types.FOVEATE_MT_image.draw(menu, bpy.context)
with bpy.context.temp_override(**editor()):
    answer = [Pencil.names, [getattr(bpy.ops.foveate, name.split(".")[1]).poll() for name in Pencil.names[:5]]]
""")
    assert drawn[0][2:5] == ["foveate.refocus", "foveate.faces", "foveate.upscale"]
    assert all(drawn[1])
    desk.do("bpy.ops.wm.call_menu(name='FOVEATE_MT_image')")  # what is wrong with it would be printed
    desk.settle()
    desk.strike("ESC")


def test_a_shortcut_starts_a_job(desk, running):
    running.run("""
keys = bpy.context.window_manager.keyconfigs.addon.keymaps.new(name="Image", space_type="IMAGE_EDITOR")
keys.keymap_items.new("foveate.refocus", "F8", "PRESS", ctrl=True)
""")
    desk.strike("MOUSEMOVE", value="NOTHING")
    desk.settle()
    desk.strike("F8", ctrl=True)
    running.wait_for("any(i.name.startswith('in, ') for i in bpy.data.images)")
    assert desk.wait_for_state("done")["shown"] == RESULT


def test_the_mask_that_the_editor_shows_is_the_region(desk, running):
    desk.open(rect=(0, 0, 0, 0))
    running.run("""
mask = bpy.data.masks.new("shown")
spline = mask.layers.new().splines.new()
spline.use_cyclic = True
spline.points.add(3)
for point, place in zip(spline.points, ((0.3, 0.65), (0.65, 0.7), (0.7, 0.35), (0.3, 0.3))):
    point.co = point.handle_left = point.handle_right = place
space = editor()["area"].spaces.active
space.ui_mode, space.mask = "MASK", mask
""")
    try:
        desk.press()
        desk.wait_for_state("done")
    finally:
        running.run("editor()['area'].spaces.active.ui_mode = 'VIEW'; bpy.data.masks.remove(bpy.data.masks['shown'])")
    changed = changed_in(desk)
    assert changed[HEIGHT // 2, WIDTH // 2 - 10 : WIDTH // 2 + 10].any()
    assert not changed[:10].any()
    assert not changed[:, :20].any()
    recipe = running.run("answer = bpy.data.images[name]['foveate_recipe']", name=RESULT)
    assert json.loads(recipe)["selection"]["has_coverage"]


def test_two_images_never_mix_their_results(desk, running, slow):
    desk.connect("slow.json")
    desk.press()
    running.run("""
other = put("other", "in")
other.pixels.foreach_set([value for pixel in [(0.5, 0.25, 0.75, 1)] * (96 * 80) for value in pixel])
other.update()
other.foveate.rect = (4, 4, 16, 16)
editor()["area"].spaces.active.image = other
""")
    desk.press()
    desk.wait_for_the_end(120)
    names = running.run("answer = sorted(image.name for image in bpy.data.images)")
    assert RESULT in names
    changed = changed_in(desk)
    assert changed[INSIDE].mean() > 0.5
    changed[INSIDE] = False
    assert not changed.any()
    shown = running.run("answer = editor()['area'].spaces.active.image.name")
    assert shown.startswith("other")  # the first result took nobody's place


def test_the_history_gives_recipe_and_image(desk, running):
    desk.press()
    desk.wait_for_state("done")
    desk.do("bpy.ops.foveate.copy_recipe()")
    recipe = json.loads(running.run("answer = bpy.context.window_manager.clipboard"))
    assert recipe["operation"] == "refocus"
    running.run("editor()['area'].spaces.active.image = bpy.data.images['in']")
    desk.do("bpy.ops.foveate.show_result()")
    assert desk.state()["shown"] == RESULT


LOOK_CLOSELY = """
with bpy.context.temp_override(**editor()):
    bpy.ops.image.view_zoom_ratio(ratio=11)
    bpy.ops.image.view_pan(offset=(7.25, -9.5))
bpy.ops.ed.undo_push(message="looked")
"""
SEEN = """
region = editor()["region"]
answer = [*region.view2d.region_to_view(0, 0), *region.view2d.region_to_view(region.width, region.height)]
"""


def test_what_somebody_looks_at_closely_is_looked_at_as_closely_with_the_result(desk, running):
    running.run(LOOK_CLOSELY)
    desk.settle()
    seen = np.array(running.run(SEEN))
    desk.press()
    assert desk.wait_for_state("done")["shown"] == RESULT
    for code in ("bpy.ops.ed.undo()", "bpy.ops.ed.redo()", "bpy.ops.ed.undo()"):
        desk.settle()
        assert np.array(running.run(SEEN)) == pytest.approx(seen, abs=1e-3)
        desk.do(code)
    assert desk.state()["shown"] == "in"
    desk.settle()
    assert np.array(running.run(SEEN)) == pytest.approx(seen, abs=1e-3)


def test_what_was_set_is_there_after_a_restart(chroot, desk, running, folder, env):
    panel = "bpy.context.window_manager.foveate."
    running.run(f"{panel}refocus_strength = 0.25; {panel}region = 'ALL'; runtime().change(ask_first=False)")
    desk.press()
    desk.wait_for_state("done")
    try:
        with blender(chroot, folder, env) as other:
            kept = other.run(f"answer = [{panel}refocus_strength, {panel}region]")
            other.quit()
        assert kept == [0.25, "ALL"]
    finally:
        running.run(f"{panel}refocus_strength = 1.0; {panel}region = 'AUTO'; runtime().change()")
