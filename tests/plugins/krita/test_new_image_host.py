"""What an operation makes without a document, as a new one of Krita's."""

from __future__ import annotations

import pytest
from foveate_krita.new_image_host import NewImageHost

from fakes.krita import Document, Layer, module
from foveate_shared.errors import ServerError
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.jobs.host import Image, Result, ResultFile, ResultPatch, takes, told_by
from foveate_shared.jobs.named_pictures import offered_by
from foveate_shared.pixels import COVERAGE_U8, Channels, PixelFormat, SampleType

RGB = PixelFormat(SampleType.U8, Channels.RGB)


def made(*patches, **parts):
    return Result("new", Extent(2, 2), patches, (), {"operation": "make"}, **parts)


def row(y, data, *, coverage=None):
    covered = Image(Extent(2, 1), coverage, COVERAGE_U8) if coverage else None
    return ResultPatch(Bounds(0, y, 2, 1), Image(Extent(2, 1), data, RGB), covered)


def test_pixels_become_a_new_document_in_kritas_order():
    krita = module()
    host = NewImageHost(krita, None, "Make")
    host.apply(made(row(0, bytes([1, 2, 3, 4, 5, 6])), row(1, bytes([7, 8, 9, 10, 11, 12]))))
    (document,) = krita.app.window.shown
    (layer,) = document.rootNode().childNodes()
    assert (document.width(), document.height(), layer.name()) == (2, 2, "Make")
    assert layer.written == [
        (bytes([3, 2, 1, 255, 6, 5, 4, 255]), 0, 0, 2, 1),
        (bytes([9, 8, 7, 255, 12, 11, 10, 255]), 0, 1, 2, 1),
    ]
    assert document.annotations


def test_coverage_becomes_the_alpha_of_what_is_new():
    krita = module()
    host = NewImageHost(krita, None, "Make")
    host.apply(made(row(0, bytes([1, 2, 3, 4, 5, 6]), coverage=bytes([0, 99])), row(1, bytes(6))))
    (layer,) = krita.app.window.shown[0].rootNode().childNodes()
    assert [data for data, *_ in layer.written] == [bytes([3, 2, 1, 0, 6, 5, 4, 99]), bytes([0, 0, 0, 255] * 2)]


def test_nothing_made_opens_nothing_and_the_document_is_let_go():
    document = Document(2, 2, bytes(16))
    krita = module(document)
    host = NewImageHost(krita, document, "Make")
    host.apply(made())
    assert krita.app.window.shown == []
    host.release()
    assert offered_by(host) == ()


def test_layers_of_the_active_document_can_go_beside_nothing():
    document = Document(2, 2, bytes(16), root=Layer("root", children=[Layer("Sky", data=bytes(range(16)))]))
    host = NewImageHost(module(document), document, "Make")
    (sky,) = offered_by(host)
    assert bytes(host.freeze_picture(sky.key).pixels.data) == bytes(range(16))
    assert offered_by(NewImageHost(module(), None, "Make")) == ()


def test_it_has_no_document_and_takes_no_selection(tmp_path):
    host = NewImageHost(module(), None, "Make")
    with pytest.raises(ServerError):
        host.freeze()
    assert [takes(host, kind) for kind in ("pixels", "selection", "report", "files")] == [True, False, True, True]


def test_files_lie_beside_the_document(tmp_path):
    document = Document(2, 2, bytes(16), path=str(tmp_path / "scene.kra"))
    host = NewImageHost(module(document), document, "Export")
    host.apply(made(kind="files", files=(ResultFile("a.txt", "text/plain", b"a"),)))
    assert (tmp_path / "Export/a.txt").read_bytes() == b"a"
    assert told_by(host) == (f"1 file was saved in {tmp_path / 'Export'}: a.txt",)
