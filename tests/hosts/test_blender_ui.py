"""The extension in a real Blender with windows: dragging, progress, undo, and what happens in the middle."""

from __future__ import annotations

import json
import os
import signal

import numpy as np
import pytest

from foveate_shared.connection.running_server import read_runtime_file
from hosts.blender.desk import PENCIL, RUNTIME, SIZE, Desk, blender_with_windows, make_home
from hosts.blender.pictures import HEIGHT, WIDTH, as_kept, picture
from hosts.lib.servers import SLOW
from hosts.lib.waiting import wait_until

INSIDE = (slice(16, 56), slice(20, 68))
RESULT = "in, Refocus (deterministic-x4)"


@pytest.fixture(scope="module")
def folder(chroot):
    return make_home(chroot)


@pytest.fixture(scope="module")
def server(folder, start_server):
    return start_server((folder / "server").outside, (folder / "run/server.json").outside)


@pytest.fixture(scope="module")
def slow(folder, start_server):
    """A server that takes its time."""
    return start_server((folder / "slow").outside, (folder / "run/slow.json").outside, SLOW)


@pytest.fixture(scope="module")
def screen(start_screen):
    return start_screen(size=SIZE)


@pytest.fixture(scope="module")
def running(chroot, folder, server, screen, stack):
    env = {**screen.environment, "FOVEATE_RUNTIME_FILE": (folder / "run/server.json").inside}
    return stack.enter_context(blender_with_windows(chroot, folder, env))


@pytest.fixture
def desk(running, folder):
    desk = Desk(running, folder)
    desk.connect("server.json")
    desk.open()
    yield desk
    running.check_output()


DRAG = """
here = editor()
region, window = here["region"], here["window"]
view = region.view2d
(x0, y0), (x1, y1) = (view.view_to_region(*place, clip=False) for place in ((0.25, 0.75), (0.75, 0.25)))
for kind, value, x, y in (
    ("MOUSEMOVE", "NOTHING", x0, y0), ("LEFTMOUSE", "PRESS", x0, y0), ("MOUSEMOVE", "NOTHING", x1, y1),
    ("LEFTMOUSE", "RELEASE", x1, y1),
):
    window.event_simulate(kind, value, x=region.x + x, y=region.y + y)
"""
PRESS_BESIDE = """
here = editor()
sidebar = next(region for region in here["area"].regions if region.type == "UI")
for value in ("PRESS", "RELEASE"):
    x, y = sidebar.x + sidebar.width // 2, sidebar.y + sidebar.height - 4
    here["window"].event_simulate("LEFTMOUSE", value, x=x, y=y)
"""


def drag_in_the_middle(desk, running, name):
    """Drag from a quarter to three quarters of the image that is shown; return its rectangle."""
    desk.do("bpy.ops.foveate.select_region('INVOKE_DEFAULT')")
    running.run(DRAG)
    running.wait_for(f"bpy.data.images[{name!r}].foveate.rect[2] > 0")
    desk.settle()
    return np.array(running.run("answer = list(bpy.data.images[name].foveate.rect)", name=name))


def test_a_rectangle_is_dragged_and_a_press_in_the_sidebar_is_none(desk, running, screen):
    desk.open(rect=(0, 0, 0, 0))
    rect = drag_in_the_middle(desk, running, "in")
    assert np.abs(rect - [WIDTH // 4, HEIGHT // 4, WIDTH // 2, HEIGHT // 2]).max() <= 1
    screen.screenshot("blender-select")
    desk.do("bpy.ops.foveate.select_region('INVOKE_DEFAULT')")
    running.run(PRESS_BESIDE)
    desk.settle()
    running.run(DRAG.replace("0.25", "0.1"))  # nobody selects any more
    desk.settle()
    assert running.run("answer = list(bpy.data.images['in'].foveate.rect)") == rect.tolist()
    running.run(PRESS_BESIDE)  # the first one folded the panel, as it should
    desk.settle()


def test_the_result_is_shown_and_one_undo_takes_it_back_exactly(desk, running, screen):
    for kind in ("u8 alpha", "f32 alpha"):
        desk.open(kind)
        before = desk.pixels("in")
        assert desk.press() == ["RUNNING_MODAL"]
        state = desk.wait_for_state("done")
        assert (state["shown"], state["images"]) == (RESULT, ["in", RESULT])
        is_kept = "answer = bpy.data.images['in'].use_fake_user"  # by the file, which nothing else in it uses
        assert running.run(is_kept)
        after = desk.pixels(RESULT)
        changed = (before != after).any(axis=2)
        assert changed[INSIDE].mean() > 0.5
        changed[INSIDE] = False
        assert not changed.any()
        desk.do("bpy.ops.ed.undo()")
        state = desk.state()
        assert (state["shown"], state["images"]) == ("in", ["in"])
        assert not running.run(is_kept)
        assert np.array_equal(desk.pixels("in"), before)
        assert np.array_equal(as_kept(before, kind), picture(kind)[0][::-1])
        desk.do("bpy.ops.ed.redo()")
        assert desk.state()["shown"] == RESULT
        assert np.array_equal(desk.pixels(RESULT), after)
    desk.settle()
    screen.screenshot("blender-result")


def test_a_result_of_a_result_keeps_a_name_that_can_be_read(desk, running):
    for made in (RESULT, f"{RESULT}, step 2", f"{RESULT}, step 3"):
        desk.press()
        assert desk.wait_for_state("done")["shown"] == made
    running.run("bpy.data.images[name].name = 'mine'", name=f"{RESULT}, step 3")
    desk.press()
    assert desk.wait_for_state("done")["shown"] == RESULT.replace("in,", "mine,")


def test_esc_cancels_and_leaves_nothing(desk, running, slow, screen):
    desk.connect("slow.json")
    desk.press()
    desk.wait_for_state("running")
    running.wait_for("runtime().entries[0].flow.status.fraction > 0.05")
    desk.settle()
    screen.screenshot("blender-progress")
    running.run(
        "editor()['window'].event_simulate('ESC', 'PRESS', x=700, y=400);"
        "editor()['window'].event_simulate('ESC', 'RELEASE', x=700, y=400)"
    )
    state = desk.wait_for_state("cancelled")
    assert (state["shown"], state["images"]) == ("in", ["in"])


def test_the_cancel_button_works_without_a_server(desk, settings):
    settings(server_command=("/nowhere/foveate", "serve"))
    desk.connect("none.json")
    desk.wait_for_connection("lost")
    desk.press()
    assert desk.state()["state"] == "submitted"
    desk.do("bpy.ops.foveate.cancel()")
    assert desk.state()["state"] == "failed"
    assert desk.state()["error"] == "Cancelled."


def test_a_result_whose_image_is_gone_is_kept(desk, running, slow, screen):
    desk.connect("slow.json")
    desk.press()
    desk.wait_for_state("running")
    running.run("bpy.data.images.remove(bpy.data.images['in'])")
    state = desk.wait_for_state("unapplied")
    assert "is gone" in state["error"]
    assert state["images"] == []
    desk.settle()
    screen.screenshot("blender-kept")
    desk.do("bpy.ops.foveate.apply_result()")
    assert desk.state()["images"] == [RESULT]
    after, before = desk.pixels(RESULT), picture("u8")[0][::-1]
    changed = (as_kept(after, "u8") != before).any(axis=2)
    assert changed[INSIDE].any()
    changed[INSIDE] = False
    assert not changed.any()


PAINT = """
image = bpy.data.images["in"]
samples = np.empty((image.size[1], image.size[0], 4), np.float32)
image.pixels.foreach_get(samples.ravel())
samples[-1 - y, x] = (1, 0, 0, 1)
image.pixels.foreach_set(samples.ravel())
image.update()
"""


def test_painting_elsewhere_is_kept_and_painting_inside_is_respected(desk, running, slow):
    desk.connect("slow.json")
    desk.press()
    desk.wait_for_state("running")
    running.run(PAINT, x=2, y=3)
    state = desk.wait_for_state("done")
    assert state["shown"] == RESULT
    assert desk.pixels(RESULT)[3, 2].tolist() == [1, 0, 0, 1]
    desk.open()
    desk.press()
    desk.wait_for_state("running")
    running.run(PAINT, x=30, y=30)
    state = desk.wait_for_state("unapplied")
    assert "have changed since" in state["error"]
    assert state["images"] == ["in"]
    desk.do("bpy.ops.foveate.discard()")
    assert desk.state()["images"] == ["in"]


def test_results_wait_for_a_yes_where_that_is_set(desk, running, screen):
    running.run(RUNTIME + "rt.change(ask_first=True)")
    try:
        desk.press()
        state = desk.wait_for_state("unapplied")
        assert (state["error"], state["images"]) == ("", ["in"])
        screen.screenshot("blender-ask")
        desk.do("bpy.ops.foveate.apply_result()")
        assert desk.state()["shown"] == RESULT
        desk.do("bpy.ops.foveate.again()")
        assert desk.wait_for_state("unapplied")["images"] == ["in", RESULT]
        desk.do("bpy.ops.foveate.discard()")
    finally:
        running.run(RUNTIME + "rt.change(ask_first=False)")


def test_materials_use_the_result_where_that_is_wished_and_undo_takes_it_back(desk, running):
    running.run("""
material = bpy.data.materials.new("painted")
material.use_nodes = True
node = material.node_tree.nodes.new("ShaderNodeTexImage")
node.name, node.image = "texture", bpy.data.images["in"]
bpy.ops.ed.undo_push(message="material")
bpy.context.window_manager.foveate.replace_users = True
""")
    used = "answer = bpy.data.materials['painted'].node_tree.nodes['texture'].image.name"
    desk.press()
    desk.wait_for_state("done")
    assert running.run(used) == RESULT
    desk.do("bpy.ops.ed.undo()")
    assert running.run(used) == "in"
    assert desk.state()["shown"] == "in"
    running.run("bpy.context.window_manager.foveate.replace_users = False")


@pytest.fixture
def settings(running):
    """Change the extension's settings for one test."""
    before = running.run(
        "s = runtime().settings\n"
        "answer = {'server_command': s.server_command, 'remote_url': '', 'remote_token': '', 'remote_fingerprint': ''}"
    )
    before["server_command"] = tuple(before["server_command"])
    yield lambda **values: running.run("runtime().change(**values)", values=values)
    running.run("runtime().change(**values)", values=before)


def test_a_wrong_token_is_said_and_the_next_try_uses_the_right_one(desk, running, server, screen, settings):
    url = json.loads(server.runtime_file.read_text())["url"]
    settings(remote_url=url, remote_token="wrong-token-wrong-token-wrong")
    desk.connect("server.json")
    desk.wait_for_connection("refused")
    desk.settle()
    screen.screenshot("blender-refused")
    assert "token" in running.run("answer = str(runtime().connection.error)")
    settings(remote_url="", remote_token="")
    desk.press()
    assert desk.wait_for_state("done")["shown"] == RESULT


def test_another_machine_needs_blenders_leave_to_go_online(desk, running, settings):
    settings(remote_url="https://192.0.2.1:7317", remote_token="some-token-some-token-some")
    desk.connect("server.json")
    desk.wait_for_connection("refused")
    assert "not allowed to go online" in running.run("answer = str(runtime().connection.error)")


def test_a_pairing_line_is_taken_or_refused_with_a_sentence(running, settings):
    line = f"foveate://studio.example:7317?token={'t' * 32}&fingerprint=sha256:{'ab' * 32}"
    paste = "p = bpy.context.preferences.addons['bl_ext.user_default.foveate'].preferences; p.pairing_line = line\n"
    paste += "s = runtime().settings; answer = [s.remote_url, s.remote_token, p.remote_fingerprint, runtime().problem]"
    taken = running.run(paste, line=line)
    assert taken == ["https://studio.example:7317", "t" * 32, "ab" * 32, ""]
    assert "not a pairing line" in running.run(paste, line="https://studio.example")[3]
    shown = running.run(PENCIL + "answer = drawn(panels.FoveateMainPanel)")
    assert "not a pairing line" in " ".join(shown)


def test_no_server_and_no_way_to_start_one_says_how_to_mend_it(desk, running, screen, settings):
    settings(server_command=("/nowhere/foveate", "serve"))
    desk.connect("none.json")
    desk.wait_for_connection("lost")
    error = running.run("answer = str(runtime().connection.error)")
    assert "/nowhere/foveate (there is no such program)" in error
    assert "foveate plugins install blender" in error
    drawn = running.run(PENCIL + "answer = drawn(panels.FoveateMainPanel)")
    assert {"foveate.reconnect", "foveate.open_preferences"} <= set(drawn)
    desk.settle()
    screen.screenshot("blender-no-server")


def test_a_server_is_started_where_none_runs_and_once_it_was_ended_with_the_next_job(
    desk, running, screen, make_launcher, settings
):
    settings(server_command=tuple(make_launcher().command))
    desk.connect("started.json")
    desk.press()
    assert desk.wait_for_state("done", timeout=60)["shown"] == RESULT
    runtime_file = (desk.folder / "run/started.json").outside
    os.kill(read_runtime_file(runtime_file).pid, signal.SIGTERM)  # as `foveate stop` does
    desk.wait_for_connection("ended")
    drawn = running.run(PENCIL + "answer = drawn(panels.FoveateMainPanel)")
    assert "The server was ended. It starts again with the next job." in " ".join(drawn)
    desk.settle()
    screen.screenshot("blender-ended")
    wait_until(lambda: not runtime_file.exists(), 60, "the end of the server")
    desk.open()
    desk.press()
    assert desk.wait_for_state("done", timeout=60)["shown"] == RESULT


def test_a_job_outlives_its_server(desk, running, slow):
    desk.connect("slow.json")
    desk.press()
    desk.wait_for_state("running")
    slow.restart()
    assert desk.wait_for_state("done", timeout=90)["shown"] == RESULT


RENDER = """
scene = bpy.context.scene
scene.render.engine = "CYCLES"
scene.cycles.device, scene.cycles.samples, scene.cycles.use_denoising = "CPU", 1, False
scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = 96, 64, 100
scene.foveate.refocus_renders = True
bpy.context.preferences.view.render_display_type = "NONE"
with bpy.context.temp_override(**editor()):
    bpy.ops.render.render("INVOKE_DEFAULT")
"""


def test_a_render_from_the_window_is_refocused_when_it_is_finished(desk, running):
    running.run(RENDER)
    running.wait_for("'Scene, frame 1, Refocus' in bpy.data.images", 60)
    running.run("bpy.context.scene.foveate.refocus_renders = False")


def test_a_region_is_dragged_over_a_render_and_refocused(desk, running):
    running.run(RENDER.replace("refocus_renders = True", "refocus_renders = False"))
    running.wait_for("not bpy.app.is_job_running('RENDER') and 'Render Result' in bpy.data.images", 60)
    running.run(
        "here = editor(); here['area'].spaces.active.image = bpy.data.images['Render Result']\n"
        "with bpy.context.temp_override(**here): bpy.ops.image.view_all(fit_view=True)"
    )
    desk.settle()
    rect = drag_in_the_middle(desk, running, "Render Result")
    assert np.abs(rect - [24, 16, 48, 32]).max() <= 1
    desk.press()
    made = desk.wait_for_state("done")["shown"]
    assert running.run("answer = json.loads(bpy.data.images[name]['foveate_recipe'])", name=made)["selection"][
        "bounds"
    ] == list(rect)


def test_frames_rendered_from_the_window_are_refocused_beside_while_one_works_on(desk, running):
    running.run(
        RENDER.split("with bpy", maxsplit=1)[0] + "scene.frame_start, scene.frame_end = 1, 2\n"
        "scene.render.filepath, scene.render.image_settings.file_format = str(FOLDER / 'shot-'), 'PNG'\n"
        "with bpy.context.temp_override(**editor()):\n    bpy.ops.render.render('INVOKE_DEFAULT', animation=True)"
    )
    running.wait_for("(FOLDER / 'shot-0002-foveate.png').exists() and not runtime().entries[0].is_running", 60)
    assert (running.folder / "shot-0001-foveate.png").exists()
    assert desk.state()["images"] == ["in"]
    running.run("bpy.context.scene.foveate.refocus_renders = False")


def test_it_speaks_german(desk, running, screen):
    running.run(RUNTIME + "rt.change(language='de')")
    try:
        desk.press("upscale")
        desk.wait_for_state("done")
        assert running.run(RUNTIME + "answer = rt.say('Cancel')") == "Abbrechen"
        screen.screenshot("blender-german")
    finally:
        running.run(RUNTIME + "rt.change(language='')")


def test_disabling_it_leaves_nothing_behind(desk, running):
    left = running.run("""
import threading
bpy.ops.preferences.addon_disable(module="bl_ext.user_default.foveate")
names = {thread.name for thread in threading.enumerate()}
answer = [name for name in names - {"foveate-reaper"} if name.startswith("foveate")]  # it waits for a started server
answer += [name for name in dir(bpy.types) if "foveate" in name.lower()]
lists = [getattr(bpy.app.handlers, name) for name in dir(bpy.app.handlers)]
answer += [str(each) for handlers in lists if isinstance(handlers, list) for each in handlers
    if "foveate" in each.__module__]
bpy.ops.preferences.addon_enable(module="bl_ext.user_default.foveate")
""")
    assert left == []
    desk.press()
    desk.wait_for_state("done")


def test_a_result_outlives_the_file_that_it_was_made_for(desk, running, slow):
    desk.connect("slow.json")
    desk.press()
    desk.wait_for_state("running")
    running.run("bpy.ops.wm.read_homefile()")
    desk.show_editor()
    state = desk.wait_for_state("unapplied", timeout=60)
    assert "is gone" in state["error"]
    desk.do("bpy.ops.foveate.apply_result()")
    assert (desk.state()["images"], desk.state()["shown"]) == ([RESULT], RESULT)


def test_esc_cancels_a_job_although_another_file_was_opened(desk, running, slow):
    desk.connect("slow.json")
    desk.press()
    desk.wait_for_state("running")
    running.run("bpy.ops.wm.read_homefile()")
    desk.show_editor()
    running.wait_for("not runtime().unwatched")
    desk.strike("ESC")
    desk.wait_for_state("cancelled")


def test_a_result_finds_its_image_where_the_file_was_reverted(desk, running, slow):
    desk.connect("slow.json")
    running.run("bpy.ops.wm.save_as_mainfile(filepath=str(FOLDER / 'reverted.blend'))")
    desk.press()
    desk.wait_for_state("running")
    running.run("bpy.ops.wm.revert_mainfile()")
    state = desk.wait_for_state("done")
    assert (state["images"], state["shown"]) == (["in", RESULT], RESULT)
    running.run("bpy.ops.wm.save_mainfile(); bpy.ops.wm.revert_mainfile(); bpy.ops.wm.save_mainfile()")
    running.run("bpy.ops.wm.revert_mainfile()")
    kept = "answer = sorted(each.name for each in bpy.data.images if each.type == 'IMAGE' and each.size[0])"
    assert running.run(kept) == ["in", RESULT]
