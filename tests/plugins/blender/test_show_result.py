"""A result takes the old image's place, and the old one is not lost: Blender does not save what nothing uses."""

from types import SimpleNamespace

import pytest

from fakes import blender


@pytest.fixture
def showing(load):
    load.bpy.app.background = True  # there is no undo here
    made = load("show_result")
    load.bpy.context = SimpleNamespace(window_manager=blender.windows_of())
    load.bpy.data = SimpleNamespace(images=[])
    return made


def place(load, showing, old, area, *, editors=None, replace_users=False):
    """Show a new image instead of `old`, for who asked in `area`."""
    new = blender.Image("out")
    load.bpy.data.images = [old, new]
    load.bpy.context.window_manager = blender.windows_of(*(editors if editors is not None else [area]))
    pointer = area.as_pointer() if area else 0
    showing.ResultPlacement("Refocus", old.session_uid, pointer, replace_users, [])(new)
    return new


def test_the_image_whose_place_is_taken_is_kept(load, showing):
    old = blender.Image("in")
    area = blender.Area(old)
    new = place(load, showing, old, area)
    assert area.spaces.active.image is new
    assert old.use_fake_user


@pytest.mark.parametrize("had_one", [False, True])
def test_it_is_kept_where_all_that_used_it_uses_the_result(load, showing, had_one):
    old = blender.Image("in")
    old.use_fake_user = had_one  # which the result takes over, as all users
    place(load, showing, old, None, editors=[], replace_users=True)
    assert old.use_fake_user


def test_an_image_whose_place_is_not_taken_stays_as_it_was(load, showing):
    old = blender.Image("in")
    place(load, showing, old, None, editors=[blender.Area(old)])
    assert not old.use_fake_user


def test_a_render_is_nobodys_to_keep(load, showing):
    old = blender.Image("Render Result", source="VIEWER", kind="RENDER_RESULT")
    area = blender.Area(old)
    place(load, showing, old, area)
    assert not old.use_fake_user
