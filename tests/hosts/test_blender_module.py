"""The extension in bpy, a newer Blender as a Python module, which does not end while anything of ours is registered."""

from __future__ import annotations

import numpy as np
import pytest

from hosts.blender.pictures import as_kept, picture
from hosts.blender.program import RUN, blender_module

RECT = (20, 16, 48, 40)


@pytest.fixture(scope="module")
def running(bpy_python, start_server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bpy")
    start_server(folder / "server", folder / "run/server.json")
    with blender_module(bpy_python, folder, {"FOVEATE_RUNTIME_FILE": folder / "run/server.json"}) as running:
        yield running
        running.quit()


@pytest.mark.parametrize("kind", ["u8 alpha", "f32 alpha", "f32 bright"])
def test_what_is_selected_is_refocused_and_all_else_stays_to_the_bit(running, kind):
    samples, alpha_mode = picture(kind)
    running.save("in", samples)
    names = {"colorspace": "", "alpha_mode": alpha_mode, "prepare": ""}
    answer = running.run(RUN, operation="refocus", arguments={"rect": RECT}, **names)
    before, after = running.load("before")[::-1], running.load("after")[::-1]
    assert np.array_equal(as_kept(before, kind), samples[::-1])
    changed = (before != after).any(axis=2)
    assert changed[16:56, 20:68].mean() > 0.5
    changed[16:56, 20:68] = False
    assert not changed.any()
    assert answer["out"]["recipe"]["operation"] == "refocus"


def test_what_cannot_be_done_is_said(running):
    error = running.run("try: bpy.ops.foveate.refocus(image='none')\nexcept RuntimeError as e: answer = str(e)")
    assert "There is no image none." in error


TELL = """
import dataclasses, importlib
controller = importlib.import_module(runtime().__module__)
rt = runtime()
rt.wake()
"""
CHANGE = (
    TELL
    + """
infos = []
for info in rt.operations:
    properties = dict(info.parameters["properties"])
    if info.name == "faces":
        properties["min_score"] = {**properties["min_score"], "minimum": 0.35, "default": 0.65, "title": "Sureness"}
    infos.append(dataclasses.replace(info, parameters={**info.parameters, "properties": properties}))
amount = {"type": "number", "title": "Amount", "minimum": 0, "maximum": 9, "default": 2, "x-level": "basic"}
added = dataclasses.replace(infos[0], name="sharpen", title="Sharpen", parameters={"properties": {"amount": amount}})
rt.wake().operations = (*infos, added)  # as another server would have told it
rt.on_operations()
panel = bpy.context.window_manager.foveate
limits = panel.bl_rna.properties["faces_min_score"]
answer = [round(limits.hard_min, 4), limits.name, round(panel.faces_min_score, 4)]
answer += [panel.bl_rna.properties["sharpen_amount"].hard_max, panel.sharpen_amount, "sharpen" in rt.offered]
"""
)


def test_the_panels_properties_follow_the_servers_schemas(running):
    running.run(TELL)
    running.wait_for("runtime().poll() is None or runtime().models", 60)
    before = running.run("answer = bpy.context.window_manager.foveate.bl_rna.properties.keys()")
    assert "sharpen_amount" not in before
    assert running.run(CHANGE) == [0.35, "Sureness", 0.65, 9, 2, True]


def test_any_operation_of_the_server_is_run_by_name(running):
    samples, alpha_mode = picture("u8 alpha")
    running.save("in", samples)
    arguments = {"rect": RECT, "operation": "refocus", "further": '{"strength": 1}'}
    running.run(
        RUN.replace("operation)(", "'run_operation')("),
        arguments=arguments,
        operation="",
        colorspace="",
        alpha_mode=alpha_mode,
        prepare="",
    )
    assert (running.load("before") != running.load("after")).any()
