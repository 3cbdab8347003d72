"""Krita's layers as pictures beside the document, and a selection that came back as the document's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ._shared import geometry, host, named_pictures, pixels
from .pixel_layouts import named_space, pixel_format
from .profiles import read_profile
from .qt import QtCore

_WITH_PIXELS = {"paintlayer", "grouplayer", "filelayer", "filllayer", "clonelayer", "vectorlayer"}


def offered(document: Any) -> tuple[named_pictures.OfferedPicture, ...]:
    """Return the document's layers, the upper ones first, each as large as the document."""
    extent = extent_of(document)
    return tuple(
        named_pictures.OfferedPicture(_key(node), node.name(), extent) for node in _layers(document.rootNode())
    )


def freeze(krita: Any, document: Any, key: str) -> named_pictures.FrozenPicture:
    """Copy a layer as it looks by itself. Raises InputError where it is gone, or neither RGB nor grey."""
    node = next((node for node in _layers(document.rootNode()) if _key(node) == key), None)
    if node is None:
        raise named_pictures.picture_is_gone()
    document.waitForDone()
    extent, model, profile = extent_of(document), node.colorModel(), node.colorProfile()
    layout, space = pixel_format(model, node.colorDepth()), named_space(model, profile)
    data = bytes(node.projectionPixelData(0, 0, extent.width, extent.height))
    icc = None if space else read_profile(krita, model, profile)
    return named_pictures.FrozenPicture(host.Image(extent, data, layout), space, icc)


def select(krita: Any, document: Any, result: host.Result) -> None:
    """Make a resulting selection the document's."""
    selection = krita.Selection()
    for part in result.selection:
        area = part.bounds
        covered = pixels.coverage_in_8_bits(part.coverage.data, part.coverage.format.dtype)
        selection.setPixelData(QtCore.QByteArray(covered), area.x, area.y, area.width, area.height)
    document.setSelection(selection)


def _layers(node: Any) -> Iterator[Any]:
    for child in reversed(node.childNodes()):  # Krita tells the lowest first
        if child.type() in _WITH_PIXELS:
            yield child
            yield from _layers(child)


def extent_of(document: Any) -> geometry.Extent:
    """Return a document's size."""
    return geometry.Extent(document.width(), document.height())


def document_colors(document: Any) -> tuple[str, str, str]:
    """Return a document's model, depth and profile, as Krita names them."""
    return document.colorModel(), document.colorDepth(), document.colorProfile()


def document_key(document: Any) -> str:
    """Return what a document is known by, as long as it is open."""
    return _key(document.rootNode())


def open_document(krita: Any, key: str) -> Any:
    """Return the open document of a key, or None."""
    return next((each for each in krita.Krita.instance().documents() if document_key(each) == key), None)


def has_layer(document: Any, identity: Any) -> bool:
    """Tell whether a document has the layer of a QUuid, wherever in its tree. Krita looks for it: that is quick."""
    return document.nodeByUniqueID(identity) is not None


def _key(node: Any) -> str:
    return str(node.uniqueId().toString())
