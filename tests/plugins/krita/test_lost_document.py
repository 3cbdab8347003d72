"""A result of an earlier session: into its image where that is open again, else as one of its own."""

from __future__ import annotations

import pytest
from foveate_krita.document import KritaHost
from foveate_krita.lost_document import LostDocument

from fakes.krita import Area, Document, module
from foveate_shared.errors import InputError
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.jobs.host import Image, Result, ResultPatch, SelectionPart, takes
from foveate_shared.jobs.job_records import RecordedHost
from foveate_shared.pixels import COVERAGE_U8, Channels, PixelFormat, SampleType
from foveate_shared.wire.protocol import SELECTION

FILE = "/home/me/scene.kra"
WIDTH, HEIGHT = 8, 6
LAYOUT = PixelFormat(SampleType.U8, Channels.BGRA)
AREA = Bounds(2, 1, 4, 3)
RECIPE = {"operation": "refocus", "model": {"name": "sharp"}, "document": {"profile": {"space": "srgb-linear"}}}


def scene(path=FILE, **changes):
    return Document(changes.pop("width", WIDTH), HEIGHT, bytes(WIDTH * HEIGHT * 4), path=path, **changes)


def result(recipe=RECIPE, frame="document", layout=LAYOUT):
    pixels = Image(AREA.extent, bytes((9, 8, 7, 255)) * AREA.area, layout)
    return Result(frame, Extent(WIDTH, HEIGHT), (ResultPatch(AREA, pixels, None),), (), recipe)


def written_down(document):
    """Return the record of a job on a document, as the session before wrote it."""
    host = KritaHost(module(document), document, "Refocus")
    host.freeze()
    assert isinstance(host, RecordedHost)
    return host.record()


def test_its_image_takes_it_where_that_is_open_again():
    record = written_down(scene(chosen=Area(2, 1, 4, 3)))
    assert record.image == "scene.kra"
    other, again = scene("/home/me/other.kra"), scene()
    krita = module(other, again)
    host = LostDocument(krita, record, record.title)
    assert host.told
    host.apply(result())
    assert [layer.name() for layer in again.root.children] == ["Background", "Refocus (sharp)"]
    assert again.root.children[-1].written[0][1:] == (2, 1, 4, 3)
    assert again.annotations
    assert len(other.root.children) == 1
    assert krita.app.window.shown == []
    assert not host.told
    assert not host.take_picture()
    assert host.after == ("picture", 2, 1, 4, 3)


@pytest.mark.parametrize(
    "open_now",
    [(), (scene("/home/me/other.kra"),), (scene(width=9),), (scene(depth="U16"),), (scene(path=""),)],
)
def test_else_it_becomes_an_image_as_large_as_its_own_was(open_now):
    krita = module(*open_now)
    record = written_down(scene())
    LostDocument(krita, record, record.title).apply(result())
    (made,) = krita.app.window.shown
    assert (made.width(), made.height(), made.colorProfile()) == (WIDTH, HEIGHT, "sRGB-elle-V2-srgbtrc.icc")
    (layer,) = made.rootNode().childNodes()
    assert (layer.name(), layer.written[0][1:]) == ("Refocus (sharp)", (2, 1, 4, 3))
    assert layer.number != made.first  # which is white: around the result there is nothing
    assert all(len(document.root.children) == 1 for document in open_now)


def test_an_image_that_was_never_saved_is_not_taken_for_another_one():
    krita = module(scene(path=""))
    record = written_down(scene(path=""))
    LostDocument(krita, record, record.title).apply(result())
    assert len(krita.app.window.shown) == 1


def test_without_a_record_the_result_tells_what_it_was_made_of():
    krita = module()
    LostDocument(krita, None, "Refocus").apply(result())
    (made,) = krita.app.window.shown
    assert (made.colorModel(), made.colorDepth()) == ("RGBA", "U8")
    assert made.colorProfile() == "sRGB-elle-V2-g10.icc"
    LostDocument(krita, None, "Upscale").apply(result(frame="new"))
    assert len(krita.app.window.shown) == 2


def test_a_selection_is_taken_by_its_image_alone():
    record = written_down(scene())
    part = SelectionPart(AREA, Image(AREA.extent, bytes(AREA.area), COVERAGE_U8))
    chosen = Result("document", Extent(WIDTH, HEIGHT), (), (), RECIPE, SELECTION, (part,))
    again = scene()
    host = LostDocument(module(again), record, "Select")
    assert takes(host, SELECTION)
    host.apply(chosen)
    assert again.chosen.written
    with pytest.raises(InputError, match="closed"):
        LostDocument(module(), record, "Select").apply(chosen)


def test_it_is_shown_alone_before_it_is_taken():
    krita = module()
    host = LostDocument(krita, written_down(scene()), "Refocus")
    assert host.preview(result()) == ("picture", 0, 0, 4, 3)
    (scratch,) = krita.app.created
    assert scratch.closed
    assert krita.app.window.shown == []
