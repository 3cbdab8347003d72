"""Dragging a rectangle: also over a render, and what is pressed elsewhere is no drag."""

from types import SimpleNamespace

import pytest

from fakes import blender

BEFORE = (5, 6, 7, 8)


@pytest.fixture
def drag(load):
    """Begin to select a region of an image; return what lets the mouse do something, and tells how it ended."""
    made = load("drag_region")

    def begin(image, extent):
        main = blender.Region("WINDOW", x=100, y=50, width=400, height=300, extent=extent)
        sidebar = blender.Region("UI", x=400, y=50, width=100, height=300)
        area = blender.Area(image, [main, sidebar])
        quiet = SimpleNamespace(
            cursor_modal_set=lambda _: None, cursor_modal_restore=lambda: None, status_text_set=lambda _: None,
            modal_handler_add=lambda _: None, windows=blender.windows_of(area).windows,
        )  # fmt: skip
        context = SimpleNamespace(
            space_data=area.spaces.active, area=area, window=quiet, workspace=quiet, window_manager=quiet
        )
        load.bpy.context = context
        operator = made.SelectRegionOperator()
        operator.invoke(context, None)

        def mouse(kind, x, y, value="NOTHING"):
            event = SimpleNamespace(type=kind, value=value, mouse_x=100 + x, mouse_y=50 + y)
            return operator.modal(context, event)

        return mouse

    return begin


@pytest.fixture(autouse=True)
def speaks(load, monkeypatch):
    monkeypatch.setattr(load("controller"), "get", lambda: SimpleNamespace(say=lambda text, **_: text))


def test_a_rectangle_is_dragged(drag):
    image = blender.Image("in", (200, 100))
    mouse = drag(image, (200, 100))
    mouse("LEFTMOUSE", 20.5, 79.5, "PRESS")
    mouse("MOUSEMOVE", 40, 70)
    assert mouse("LEFTMOUSE", 60.5, 50.5, "RELEASE") == {"FINISHED"}
    assert image.foveate.rect == (20, 20, 41, 30)  # all pixels that it touches


def test_a_rectangle_is_dragged_over_a_render_of_which_scripts_are_told_no_size(drag):
    image = blender.Image("Render Result", (0, 0), source="VIEWER", kind="RENDER_RESULT")
    mouse = drag(image, (200, 100))
    mouse("LEFTMOUSE", 20.5, 79.5, "PRESS")
    assert mouse("LEFTMOUSE", 60.5, 50.5, "RELEASE") == {"FINISHED"}
    assert image.foveate.rect == (20, 20, 41, 30)


def test_a_click_without_a_drag_leaves_the_old_rectangle(drag):
    image = blender.Image("in", (200, 100), rect=BEFORE)
    mouse = drag(image, (200, 100))
    mouse("LEFTMOUSE", 20.5, 79.5, "PRESS")
    assert mouse("LEFTMOUSE", 20.5, 79.5, "RELEASE") == {"CANCELLED"}
    assert image.foveate.rect == BEFORE


@pytest.mark.parametrize("place", [(350, 100), (500, 100), (100, -20)])
def test_a_press_outside_of_the_image_goes_where_it_was_meant_for_and_ends_the_selecting(drag, place):
    image = blender.Image("in", (200, 100), rect=BEFORE)
    mouse = drag(image, (200, 100))
    assert mouse("LEFTMOUSE", *place, "PRESS") == {"CANCELLED", "PASS_THROUGH"}
    assert image.foveate.rect == BEFORE


def test_esc_in_the_middle_of_a_drag_leaves_the_old_rectangle(drag):
    image = blender.Image("in", (200, 100), rect=BEFORE)
    mouse = drag(image, (200, 100))
    mouse("LEFTMOUSE", 20.5, 79.5, "PRESS")
    mouse("MOUSEMOVE", 60, 50)
    assert mouse("ESC", 60, 50, "PRESS") == {"CANCELLED"}
    assert image.foveate.rect == BEFORE
