"""The fields of Blender's panel: no key over one of them harms, and what is chosen is shown by its title."""

from __future__ import annotations

import pytest

from hosts.blender.desk import PENCIL, SIZE, Desk, blender_with_windows, make_home

CHECKPOINT = "deterministic-diffusion"
# The mouse goes down the sidebar, and a key is pressed at each place; Esc ends what it began.
SWEEP = """
here = editor()
bar = next(region for region in here["area"].regions if region.type == "UI")
x, window = bar.x + int(bar.width * part), here["window"]
window.event_simulate("MOUSEMOVE", "NOTHING", x=x, y=y)
for each in (key, "ESC"):
    window.event_simulate(each, "PRESS", x=x, y=y)
    window.event_simulate(each, "RELEASE", x=x, y=y)
"""
TITLE = 45  # pixels of the screen, from the sidebar's top into the first field
ENTRY = 24  # from there into the first entry of its menu
STEP = 9  # pixels of the screen: less than half of a field's height
OPEN_ALL = """
p = bpy.context.window_manager.foveate
p.refocus_model, p.operation, p.refocus_loras_1 = model, operation, "deterministic-lora"
p.region = "MASK"  # whose field is a search of Blender's own
"""
LIGHT = """
import os
folder = next(path for path in bpy.utils.preset_paths("interface_theme") if os.path.exists(path + "/Blender_Light.xml"))
bpy.ops.script.execute_preset(filepath=folder + "/Blender_Light.xml", menu_idname="USERPREF_MT_interface_theme_presets")
"""

# A panel that has a chooser alone, below its title.
ALONE = """
import bl_ext.user_default.foveate.name_choosers as names
class FOVEATE_PT_alone(bpy.types.Panel):
    bl_space_type, bl_region_type, bl_category, bl_label = "IMAGE_EDITOR", "UI", "Alone", "Alone"
    def draw(self, _context): names.draw(self.layout, "refocus_model", text="Model")
bpy.utils.register_class(FOVEATE_PT_alone)
"""
TAB = "next(r for r in editor()['area'].regions if r.type == 'UI').active_panel_category = tab"
PRESS_IN_SIDEBAR = """
here = editor()
bar = next(region for region in here["area"].regions if region.type == "UI")
x, y = bar.x + bar.width // 3, bar.y + bar.height - down
for kind, value in (("MOUSEMOVE", "NOTHING"), ("LEFTMOUSE", "PRESS"), ("LEFTMOUSE", "RELEASE")):
    here["window"].event_simulate(kind, value, x=x, y=y)
"""


@pytest.fixture(scope="module")
def folder(chroot):
    return make_home(chroot)


@pytest.fixture(scope="module")
def screen(start_screen):
    return start_screen(size=SIZE)


@pytest.fixture(scope="module")
def running(chroot, folder, start_server, screen, stack):
    start_server((folder / "server").outside, (folder / "run/server.json").outside)
    env = {**screen.environment, "FOVEATE_RUNTIME_FILE": (folder / "run/server.json").inside}
    return stack.enter_context(blender_with_windows(chroot, folder, env))


@pytest.fixture
def desk(running, folder):
    desk = Desk(running, folder)
    desk.connect("server.json")
    desk.open()
    running.wait_for("runtime().connection.is_ready and runtime().has_checkpoint")
    yield desk
    running.run(
        "p = bpy.context.window_manager.foveate; p.region, p.refocus_model, p.operation = 'AUTO', '', 'refocus'"
    )
    running.check_output()


@pytest.mark.parametrize("operation", ["refocus", "compare"])
def test_the_key_that_crashed_blender_over_a_search_does_no_harm(desk, running, screen, operation):
    running.run(OPEN_ALL, model=CHECKPOINT, operation=operation)
    desk.settle()
    bottom, top = running.run(
        "bar = next(r for r in editor()['area'].regions if r.type == 'UI'); answer = [bar.y, bar.y + bar.height]"
    )
    for y in range(top - 5, bottom, -STEP):
        running.run(SWEEP, key="E", y=y, part=0.7)
    running.run("answer = 1")  # it lives
    screen.screenshot(f"blender-fields-{operation}")


def test_a_model_is_chosen_by_its_title(desk, running, screen):
    running.run(OPEN_ALL, model="", operation="refocus")
    desk.settle()
    choose = "bpy.ops.foveate.choose_name(field='refocus_model', choice={!r})"
    desk.do(choose.format(CHECKPOINT))
    shown = (
        "p = bpy.context.window_manager.foveate; answer = [p.refocus_model, runtime().fields['refocus_model'].shown]"
    )
    assert running.run(shown) == [CHECKPOINT, "Deterministic checkpoint"]
    running.run(LIGHT)
    desk.settle()
    screen.screenshot("blender-fields-light")
    refused = f"try: {choose.format('nobody')}; answer = ''\nexcept TypeError as error: answer = str(error)"
    assert "nobody" in running.run(refused)  # Blender says it: nothing can be chosen that does not exist
    running.run("bpy.context.window_manager.foveate.refocus_model = 'nobody'")  # but a script, or a server of before
    shown = running.run(shown)
    assert shown == ["nobody", "nobody (gone)"]
    desk.settle()
    screen.screenshot("blender-fields-gone")


def test_the_menu_of_models_shows_them(desk, running, screen):
    running.run(OPEN_ALL, model=CHECKPOINT, operation="refocus")
    running.run(ALONE)
    desk.settle()
    try:
        running.run(TAB, tab="Alone")
        desk.settle()
        running.run(PRESS_IN_SIDEBAR, down=TITLE)
        desk.settle()
        screen.screenshot("blender-fields-menu")
        running.run(PRESS_IN_SIDEBAR, down=TITLE + ENTRY)
        desk.settle()
        running.wait_for("not bpy.context.window_manager.foveate.refocus_model")  # the first leaves it to the server
    finally:
        running.run(TAB, tab="Foveate")
        running.run("bpy.utils.unregister_class(bpy.types.FOVEATE_PT_alone)")


def test_before_any_server_was_there_the_panel_says_what_to_do(chroot, start_screen, stack, make_launcher):
    folder = make_home(chroot)  # of somebody else
    screen = start_screen(size=SIZE)
    env = {**screen.environment, "FOVEATE_RUNTIME_FILE": (folder / "run/server.json").inside}
    running = stack.enter_context(blender_with_windows(chroot, folder, env))
    desk = Desk(running, folder)
    running.run("runtime().change(server_command=('/nowhere/foveate', 'serve')); runtime().reconnect()")
    desk.open()
    desk.wait_for_connection("lost")
    desk.settle()
    screen.screenshot("blender-first-start")
    running.run(LIGHT)
    running.run("runtime().change(language='de')")
    desk.settle()
    screen.screenshot("blender-first-start-german-light")
    drawn = " ".join(running.run(PENCIL + "answer = drawn(panels.FoveateMainPanel)"))
    assert "Die Arbeit macht der Server" in " ".join(drawn.split())
    running.run("runtime().change(server_command=tuple(command))", command=make_launcher().command)
    desk.do("bpy.ops.foveate.reconnect()")  # as its button does
    desk.wait_for_connection("ready")
    desk.settle()  # what the server offers comes a moment later
    assert "foveate.refocus" in running.run(PENCIL + "answer = drawn(panels.FoveateMainPanel)")
    assert "matches no enum" not in running.program.output
    running.check_output()


def test_one_of_many_is_searched_for(desk, running, screen):
    running.run("import bl_ext.user_default.foveate.name_choosers as names; names._MOST = 1")
    try:
        desk.settle()
        desk.do("bpy.ops.foveate.choose_name('INVOKE_DEFAULT', field='refocus_model')")
        desk.settle()
        screen.screenshot("blender-fields-search")
        desk.type("deterministic c")
        desk.settle()
        desk.strike("RET")
        running.wait_for(f"bpy.context.window_manager.foveate.refocus_model == {CHECKPOINT!r}")
    finally:
        running.run("import bl_ext.user_default.foveate.name_choosers as names; names._MOST = 20")
