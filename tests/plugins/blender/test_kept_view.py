"""A result takes the place of an image that somebody looks at closely, and is looked at as closely."""

from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from fakes import blender

# Shows a part of an image: from 0.25 to 0.75 across, from 0.5 to 1 up.
REGION = blender.Region("WINDOW", width=800, height=600, extent=(400, 300), zoom=4, left=0.25, bottom=0.5, less=0)


@pytest.fixture
def done(load):
    """What the editor was told, once it shows another image."""
    bpy, done = load.bpy, []
    made = load("kept_view")
    bpy.context = SimpleNamespace(temp_override=lambda **_: nullcontext())
    bpy.ops = SimpleNamespace(
        image=SimpleNamespace(
            view_all=lambda: done.append("all"),
            view_zoom_ratio=lambda ratio: done.append(("zoom", ratio)),
            view_pan=lambda offset: done.append(("pan", offset)),
        )
    )
    area, after = blender.Area(blender.Image("in"), (REGION,)), blender.Image("out", REGION.extent)

    def show(version):
        bpy.app.version = version
        made.show_same_part(None, area, REGION, after)
        assert area.spaces.active.image is after
        return done

    return show


def test_the_same_part_of_the_new_image_is_shown(done):
    every, zoomed, (_, moved) = done((5, 2, 0))
    assert every == "all"  # the middle, from which it moves
    assert zoomed == ("zoom", 4)
    assert moved == pytest.approx((0, 75), abs=0.5)


def test_a_blender_that_leaves_its_view_alone_is_left_alone(done):
    assert done((4, 3, 2)) == []
