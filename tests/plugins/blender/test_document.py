"""One image as a job's host: also where its file was opened again meanwhile, and where its result was undone."""

from types import SimpleNamespace

import numpy as np
import pytest

from fakes import blender
from foveate_shared.errors import InputError
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.jobs.host import Image, Result, ResultPatch
from foveate_shared.pixels import AlphaMode, Channels, PixelFormat, RowOrder, SampleType

INSIDE = Bounds(1, 1, 2, 1)
LAYOUT = PixelFormat(SampleType.F32, Channels.RGBA, AlphaMode.PREMULTIPLIED, RowOrder.BOTTOM_UP)


def result(value=1.0):
    pixels = np.full((INSIDE.height, INSIDE.width, 4), value, np.float32)
    patch = ResultPatch(INSIDE, Image(INSIDE.extent, pixels.tobytes(), LAYOUT), None)
    return Result("document", Extent(4, 3), (patch,), (), {"value": value})


def samples(image):
    return image.pixels.samples.reshape(3, 4, 4)[::-1]


@pytest.fixture
def file(load):
    """A file with one image, in an editor."""
    load.bpy.app.background = True
    load.bpy.app.version = (4, 3, 0)
    load.bpy.path = SimpleNamespace(abspath=lambda path, library=None: path)
    load.bpy.data = SimpleNamespace(filepath="/home/a.blend", images=blender.Images([blender.Image("in", (4, 3))]))
    area = blender.Area(load.bpy.data.images[0])
    load.bpy.context = SimpleNamespace(window_manager=blender.windows_of(area), area=None)
    return load.bpy


@pytest.fixture
def host(load, file):
    """A host whose job was sent off, from the editor."""
    document, wanted, known = load("document"), load("wanted_job"), load("known_image")
    image = file.data.images[0]
    area = file.context.window_manager.windows[0].screen.areas[0]
    placement = load("show_result").ResultPlacement("Refocus", image.session_uid, area.as_pointer(), False, [])
    select = load("_shared").selected_region.rectangle(INSIDE.x, INSIDE.y, INSIDE.width, INSIDE.height)
    made = document.BlenderHost(
        wanted.WantedJob(
            "refocus", "Refocus", {}, image.session_uid, image.name, "Scene", select, placement,
            known_as=known.known_as(image),
        )
    )  # fmt: skip
    made.freeze()
    return made


def reopen(file, name="in"):
    """Open the file again: all datablocks and editors are others."""
    image = blender.Image(name, (4, 3))
    file.data.images = blender.Images([image])
    area = blender.Area(image)
    file.context.window_manager = blender.windows_of(blender.Area(), area)
    return image, area


def test_an_image_whose_file_was_opened_again_is_found_and_its_place_taken(host, file):
    image, area = reopen(file)
    assert host.is_unchanged()
    host.apply(result())
    assert area.spaces.active.image is host.made_image
    assert host.made_image is not image
    assert (samples(host.made_image)[1, 1:3] == 1).all()
    assert image.use_fake_user


def test_an_image_that_was_changed_before_its_file_was_opened_again_is_left_alone(host, file):
    image, _ = reopen(file)
    samples(image)[1, 1] = 0.5
    assert not host.is_unchanged()


@pytest.mark.parametrize(("name", "path"), [("other", "/home/a.blend"), ("in", "/home/b.blend"), ("in", "")])
def test_an_image_of_another_name_or_file_is_another_one(host, file, name, path):
    reopen(file, name)
    file.data.filepath = path
    with pytest.raises(InputError, match="is gone"):
        host.is_unchanged()


def test_a_result_whose_image_is_gone_is_shown_where_one_applies_it(host, file):
    reopen(file, "other")
    file.context.area = area = blender.Area(file.data.images[0])
    file.context.window_manager = blender.windows_of(area)
    host.apply(result())
    assert area.spaces.active.image is host.made_image


def test_a_result_that_was_undone_can_be_had_again_in_the_image_as_it_is_now(host, file):
    host.apply(result())
    host.release()
    assert not host.is_undone
    first = host.made_image
    file.data.images.remove(first)  # as undo does it
    file.context.window_manager.windows[0].screen.areas[0].spaces.active.image = file.data.images[0]
    assert host.is_undone
    host.apply(result())
    again = host.made_image
    assert not host.is_undone
    assert again is not first
    assert np.array_equal(samples(again), samples(first))


def test_another_variation_of_the_same_name_is_not_taken_for_it(host, file):
    host.apply(result())
    host.release()
    file.data.images.remove(host.made_image)
    other = blender.Image(host.made, (4, 3))
    other["foveate_recipe"] = "another one"
    file.data.images.append(other)
    assert host.made_image is None
    assert host.is_undone


def test_a_result_that_was_undone_with_its_image_stays_undone_with_a_sentence(host, file):
    host.apply(result())
    host.release()
    file.data.images.clear()
    with pytest.raises(InputError, match="gone, or of another size"):
        host.apply(result())
    assert host.is_undone
