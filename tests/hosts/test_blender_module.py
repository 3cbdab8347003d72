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
