"""Images to choose from: those that are not loaded yet are offered without being loaded."""

from types import SimpleNamespace

import pytest

from fakes import blender
from foveate_shared.geometry import Extent


class Image:
    """An image whose size is read from its file, unless Blender has it already."""

    def __init__(self, name, size=(4, 3), *, source="FILE", is_loaded=False):
        self.name, self.source, self.has_data, self._size = name, source, is_loaded, size

    @property
    def size(self):
        self.has_data = True
        return self._size


@pytest.fixture
def images():
    return [
        Image("edges"),
        Image("open", is_loaded=True),
        Image("made", source="GENERATED"),
        Image("no render", (0, 0), source="VIEWER"),
        Image("lost", (0, 0)),
    ]


@pytest.fixture
def offered_images(module, monkeypatch, images):
    bpy = blender.install(monkeypatch)
    bpy.data = SimpleNamespace(images=images)
    made = module("offered_images")
    monkeypatch.setattr(made.bpy, "data", bpy.data, raising=False)
    return made


def test_what_is_not_loaded_is_offered_and_stays_so(offered_images, images):
    found = {each.title: each.extent for each in offered_images.offered(images[1])}
    assert found == {"edges": None, "made": Extent(4, 3), "lost": None}
    assert not images[0].has_data


def test_the_one_that_is_wanted_is_looked_at(offered_images, images):
    found = {each.title: each.extent for each in offered_images.offered(None, "edges")}
    assert found["edges"] == Extent(4, 3)
    assert not images[-1].has_data
    found = {each.title: each.extent for each in offered_images.offered(None, "lost")}
    assert found["lost"] == Extent(0, 0)
