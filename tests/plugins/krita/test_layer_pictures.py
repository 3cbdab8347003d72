"""Krita's layers beside the document, and a selection that comes back."""

from __future__ import annotations

import pytest
from foveate_krita.document import KritaHost

from fakes.krita import Area, Document, Layer, module
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.jobs.host import Image, Result, SelectionPart, takes
from foveate_shared.jobs.named_pictures import PictureHost, offered_by
from foveate_shared.pixels import COVERAGE_U8, Channels, PixelFormat, SampleType

EXTENT = Extent(2, 2)
PIXELS = bytes(range(16))


@pytest.fixture
def scene():
    group = Layer("Group", kind="grouplayer", children=[Layer("Edges", data=PIXELS)])
    root = Layer("root", children=[Layer("Background"), Layer("Mask", kind="transparencymask"), group])
    return Document(2, 2, bytes(16), root=root)


@pytest.fixture
def host(scene):
    return KritaHost(module(scene), scene, "Mix")


def test_layers_are_offered_from_above(host):
    assert isinstance(host, PictureHost)
    offered = offered_by(host)
    assert [each.title for each in offered] == ["Group", "Edges", "Background"]
    assert {each.extent for each in offered} == {EXTENT}
    assert len({each.key for each in offered}) == 3


def test_a_layer_is_frozen_as_it_looks(host):
    edges = host.pictures()[1]
    frozen = host.freeze_picture(edges.key)
    assert (bytes(frozen.pixels.data), frozen.pixels.extent, frozen.space) == (PIXELS, EXTENT, "srgb")
    assert frozen.pixels.format == PixelFormat(SampleType.U8, Channels.BGRA)


def test_a_layer_that_is_gone_is_refused(host, scene):
    key = host.pictures()[0].key
    scene.root.children.clear()
    with pytest.raises(InputError) as caught:
        host.freeze_picture(key)
    assert caught.value.info.remedy == "Choose another one."


def test_a_layer_of_another_model_is_refused(host, scene):
    scene.root.children[0].model = "CMYKA"
    with pytest.raises(InputError) as caught:
        host.freeze_picture(host.pictures()[-1].key)
    assert caught.value.info.code is ErrorCode.UNSUPPORTED_FORMAT


def selection(*values):
    part = SelectionPart(Bounds(0, 1, 2, 1), Image(Extent(2, 1), bytes(values), COVERAGE_U8))
    return Result("document", EXTENT, (), (), kind="selection", selection=(part,))


def test_a_selection_becomes_the_documents(host, scene):
    assert takes(host, "selection")
    assert takes(host, "report")
    host.freeze()
    host.apply(selection(255, 3))
    assert scene.chosen.written == [(bytes([255, 3]), 0, 1, 2, 1)]


def test_a_selection_for_a_closed_image_is_refused(host, scene):
    scene.chosen = Area(0, 0, 1, 1)
    host.freeze()
    scene.close()
    with pytest.raises(InputError) as caught:
        host.apply(selection(255, 3))
    assert caught.value.info.code is ErrorCode.CONFLICT
