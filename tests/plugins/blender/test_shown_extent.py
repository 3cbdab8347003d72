"""A render's size follows from how an editor draws it."""

from types import SimpleNamespace

import pytest

from fakes import blender
from foveate_shared.geometry import Extent


@pytest.mark.parametrize("extent", [(96, 64), (1920, 1080), (16384, 3)])
@pytest.mark.parametrize("view", [{"zoom": 1.0}, {"zoom": 0.13, "left": -0.7}, {"zoom": 37.0, "bottom": 0.4}])
@pytest.mark.parametrize(("version", "less"), [((4, 3, 2), 1), ((5, 2, 2), 0)])
def test_the_size_of_a_render_at_any_zoom(load, extent, view, version, less):
    render = blender.Image("Render Result", (0, 0), source="VIEWER", kind="RENDER_RESULT")
    area = blender.Area(render, [blender.Region("WINDOW", width=731, height=402, extent=extent, less=less, **view)])
    area.spaces.active.zoom = (view["zoom"], view["zoom"])
    made = load("shown_extent")
    load.bpy.app.version = version
    load.bpy.context = SimpleNamespace(window_manager=blender.windows_of(blender.Area(), area))
    assert made.extent_of(render) == Extent(*extent)


def test_a_render_that_no_editor_shows_has_no_size_that_is_known(load):
    made = load("shown_extent")
    load.bpy.context = SimpleNamespace(window_manager=blender.windows_of(blender.Area()))
    assert made.extent_of(blender.Image("Render Result", (0, 0), kind="RENDER_RESULT")).is_empty


def test_another_image_tells_its_size(load):
    assert load("shown_extent").extent_of(blender.Image("in", (5, 4))) == Extent(5, 4)
