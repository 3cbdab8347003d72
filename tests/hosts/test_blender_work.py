"""Work around a job in Blender's windows: brush strokes, compositor, search, a failing model, another language."""

from __future__ import annotations

import numpy as np
import pytest

from foveate_server.engines.deterministic.engine import Failure
from hosts.blender.desk import SIZE, Desk, blender_with_windows, make_home

INSIDE = (slice(16, 56), slice(20, 68))
RESULT = "in, Refocus (deterministic-x4)"
FAILING = "fakes.engines:failing"


@pytest.fixture(scope="module")
def folder(chroot):
    return make_home(chroot)


@pytest.fixture(scope="module")
def endless(folder, start_server):
    return start_server((folder / "endless").outside, (folder / "run/endless.json").outside, "fakes.engines:endless")


@pytest.fixture(scope="module")
def failing(folder, start_server):
    start_server((folder / "failing").outside, (folder / "run/failing.json").outside, FAILING)
    return (folder / "failing/data").outside


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
    yield desk
    running.check_output()


BRUSH = """
paint = bpy.context.scene.tool_settings.image_paint
if not paint.is_property_readonly("brush"):
    paint.brush = bpy.data.brushes.get("stroke") or bpy.data.brushes.new("stroke", mode="TEXTURE_PAINT")
brush = paint.brush
settings = paint if hasattr(paint, "unified_paint_settings") else bpy.context.scene.tool_settings
unified = settings.unified_paint_settings
unified.use_unified_color = unified.use_unified_size = unified.use_unified_strength = False
brush.color, brush.size, brush.strength, brush.use_pressure_strength = (1, 0, 0), 20, 1, False
with bpy.context.temp_override(**editor()):
    assert bpy.ops.paint.image_paint.poll()
"""


def test_a_brush_stroke_is_refocused_and_both_can_be_undone(desk, running):
    before = desk.pixels("in")
    running.run("editor()['area'].spaces.active.ui_mode = 'PAINT'")
    try:
        desk.settle()  # the tool takes its brush from Blender's own assets: older Blenders of distributions lack them
        running.run(BRUSH)
        desk.drag((-40, 0), (40, 0))
        painted = desk.pixels("in")
        stroke = (painted != before).any(axis=2)
        assert stroke.sum() > 500
        assert (painted[stroke][:, 0] >= before[stroke][:, 0]).all()  # red
        desk.press()
        assert desk.wait_for_state("done")["shown"] == RESULT
        changed = (desk.pixels(RESULT) != painted).any(axis=2)
        assert changed[INSIDE].mean() > 0.5
        changed[INSIDE] = False
        assert not changed.any()
        desk.do("bpy.ops.ed.undo()")
        assert desk.state()["images"] == ["in"]
        assert np.array_equal(desk.pixels("in"), painted)
        desk.do("bpy.ops.ed.undo()")
        assert np.array_equal(desk.pixels("in"), before)
        desk.do("bpy.ops.ed.redo()")
        assert np.array_equal(desk.pixels("in"), painted)
    finally:
        running.run("editor()['area'].spaces.active.ui_mode = 'VIEW'")


@pytest.mark.parametrize("kind", ["u8", "f32"])
def test_a_stroke_on_a_result_stays_when_something_else_is_undone(desk, running, kind):
    result = f"painted {kind}"  # Blender's undo of strokes takes images of one name for the same
    desk.open(kind)
    desk.do(f"bpy.ops.foveate.refocus('INVOKE_DEFAULT', result={result!r})")
    desk.wait_for_state("done")
    before = desk.pixels(result)
    running.run("editor()['area'].spaces.active.ui_mode = 'PAINT'")
    try:
        desk.settle()
        running.run(BRUSH)
        desk.drag((-40, 0), (40, 0))
        painted = desk.pixels(result)
        assert (painted != before).any(axis=2).sum() > 500
        frames = running.run("answer = bpy.context.scene.frame_end")
        running.run("bpy.context.scene.frame_end += 1; bpy.ops.ed.undo_push(message='frames')")
        desk.do("bpy.ops.ed.undo()")
        assert running.run("answer = bpy.context.scene.frame_end") == frames
        assert np.array_equal(desk.pixels(result), painted)
        desk.do("bpy.ops.ed.undo()")
        assert np.array_equal(desk.pixels(result), before)
        desk.do("bpy.ops.ed.redo()")
        assert np.array_equal(desk.pixels(result), painted)
    finally:
        running.run("editor()['area'].spaces.active.ui_mode = 'VIEW'")


COMPOSITOR = """
scene = bpy.context.scene
scene.render.engine = "CYCLES"
scene.cycles.device, scene.cycles.samples, scene.cycles.use_denoising = "CPU", 1, False
scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = 96, 80, 100
tree, out = compositor(scene)
source = tree.nodes.new("CompositorNodeImage")
source.image = bpy.data.images["in"]
for shown in (tree.nodes.new("CompositorNodeViewer"), out):
    tree.links.new(source.outputs[0], shown.inputs[0])
bpy.context.preferences.view.render_display_type = "NONE"
with bpy.context.temp_override(**editor()):
    bpy.ops.render.render("INVOKE_DEFAULT")
"""


def test_the_viewer_is_refocused(desk, running):
    running.run(COMPOSITOR)
    running.wait_for("not bpy.app.is_job_running('RENDER') and 'Viewer Node' in bpy.data.images", 60)
    running.wait_for("tuple(bpy.data.images['Viewer Node'].size) == (96, 80)")
    running.run("editor()['area'].spaces.active.image = bpy.data.images['Viewer Node']")
    try:
        before = desk.pixels("Viewer Node")
        desk.do("bpy.ops.foveate.refocus(rect=(20, 16, 48, 40), result='viewed')")
        assert running.run("answer = editor()['area'].spaces.active.image.name") == "viewed"
        changed = (desk.pixels("viewed") != before).any(axis=2)
        assert changed[INSIDE].mean() > 0.5
        changed[INSIDE] = False
        assert not changed.any()
    finally:
        running.run("leave_compositor(bpy.context.scene)")


def test_the_search_finds_the_operators(desk, running, screen):
    desk.strike("MOUSEMOVE", value="NOTHING")
    desk.settle()
    desk.strike("F3")
    desk.settle()
    desk.type("refocus region")
    desk.settle()
    screen.screenshot("blender-search")
    desk.strike("RET")
    running.wait_for("any(image.name.startswith('in, ') for image in bpy.data.images)")
    assert desk.wait_for_state("done")["shown"] == RESULT


CANCEL = """
region = editor()["region"]
for value in ("PRESS", "RELEASE"):
    editor()["window"].event_simulate("ESC", value, x=region.x + 300, y=region.y + 300)
"""


def test_esc_ends_a_job_in_the_middle_of_a_tile(desk, running, endless):
    """The tile would take ten minutes."""
    desk.connect("endless.json")
    desk.press()
    desk.wait_for_state("running")
    running.run(CANCEL)
    assert desk.wait_for_state("cancelled")["images"] == ["in"]


@pytest.mark.parametrize("failure", [Failure.MEMORY, Failure.BUG])
def test_a_model_that_fails_is_said_and_costs_one_job(desk, running, failing, screen, failure):
    desk.connect("failing.json")
    before = desk.pixels("in")
    failing.mkdir(parents=True, exist_ok=True)
    (failing / failure.value).touch()
    desk.press()
    state = desk.wait_for_state("failed")
    assert not (failing / failure.value).exists()  # it did fail
    assert state["error"]
    assert "Traceback" not in state["error"]
    assert (state["shown"], state["images"]) == ("in", ["in"])
    assert np.array_equal(desk.pixels("in"), before)
    desk.settle()
    screen.screenshot(f"blender-{failure.value}")
    desk.do("bpy.ops.foveate.again()")
    assert desk.wait_for_state("done")["shown"] == RESULT


LABELS = """
import bl_ext.user_default.foveate.panels as panels
class Pencil:
    def __init__(self): self.said = []
    def label(self, text="", **_): self.said.append(text)
for panel in (panels.FoveateResultsPanel, panels.FoveateRenderPanel):
    drawn = type("Panel", (), {"layout": Pencil(), "title": panel.title})()
    panel.draw_header(drawn, None)
    answer = [*globals().get("answer", []), *drawn.layout.said]
group = bpy.context.window_manager.foveate
answer += [bpy.types.UILayout.enum_item_name(group, "region", kind) for kind in ("ALL", "BORDER")]
"""


def test_all_of_the_panel_speaks_our_language_where_blender_speaks_another(desk, running, screen):
    running.run("runtime().change(language='de')")
    try:
        desk.press()
        desk.wait_for_state("done")
        assert running.run(LABELS) == ["Ergebnisse", "Fertige Renderbilder", "Ganzes Bild", "Renderrahmen"]
        desk.settle()
        screen.screenshot("blender-german-panel")
    finally:
        running.run("runtime().change(language='')")
    assert running.run(LABELS)[2:] == ["Whole Image", "Render Border"]
