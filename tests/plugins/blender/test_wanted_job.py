"""Names that a script gives to results: what Blender would change without a word is refused."""

from types import SimpleNamespace

import pytest

from fakes import blender
from foveate_shared.errors import InputError


@pytest.fixture
def wanted(load):
    load.bpy.app.version = (4, 3, 0)
    load.bpy.data = SimpleNamespace(images=blender.Images([blender.Image("R"), blender.Image("S 2")]))
    return load("wanted_job")


@pytest.mark.parametrize(("name", "count"), [("", 1), ("", 3), ("new", 1), ("R", 2), ("S 2", 2), ("é" * 31, 1)])
def test_a_name_that_is_free_is_taken(wanted, name, count):
    wanted.require_free(name, count)


@pytest.mark.parametrize(("name", "count", "taken"), [("R", 1, "R"), ("S", 2, "S 2")])
def test_a_name_that_another_image_has_is_refused(wanted, name, count, taken):
    with pytest.raises(InputError, match=f"There is an image {taken} already"):
        wanted.require_free(name, count)


def test_a_name_that_blender_would_cut_is_refused(wanted, load):
    for name, count in (("x" * 64, 1), ("é" * 32, 1), ("x" * 62, 2)):
        with pytest.raises(InputError, match="at most 63 bytes"):
            wanted.require_free(name, count)
    load.bpy.app.version = (5, 0, 0)
    wanted.require_free("x" * 64, 1)
