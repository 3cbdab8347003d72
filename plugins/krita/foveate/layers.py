"""A result as one new layer: patches in its pixels, coverage in its alpha, and all of it one undo step."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from . import coverage
from ._shared import errors, geometry, host
from .qt import QtCore

ANNOTATION = "foveate/recipe/"  # before the layer's id: where a document keeps the recipe of a layer


def add_layer(krita: Any, document: Any, result: host.Result, title: str) -> Any:
    """Add the result's patches to the document as a new layer on top, and return it.

    Where the document is translucent the layer inherits its alpha, which thus stays as it is.
    """
    layer = _filled(krita, document, result.patches, title)
    if not all(coverage.is_opaque(patch.pixels.data, patch.pixels.format) for patch in result.patches):
        layer.setInheritAlpha(True)
    # The pixels are there before the layer is in the document: Krita then counts one step to undo.
    if not document.rootNode().addChildNode(layer, None):
        raise errors.InputError(
            "Krita did not take the new layer.", remedy="Unlock the image's layers, or finish what Krita is doing."
        )
    document.refreshProjection()
    document.waitForDone()
    return layer


def keep_recipe(document: Any, layer: Any, result: host.Result, title: str) -> None:
    """Store the recipe in the document under the layer's id: it is saved with it, and is no step to undo."""
    recipe = json.dumps(result.recipe, indent=2, ensure_ascii=False).encode("utf-8")
    name = layer.uniqueId().toString().strip("{}")
    document.setAnnotation(ANNOTATION + name, f"Foveate's recipe of the layer {title}", QtCore.QByteArray(recipe))


def fill(layer: Any, patches: Iterable[host.ResultPatch]) -> None:
    """Write patches that do not overlap into a layer that is in no document yet."""
    for patch in patches:
        data = patch.pixels.data if patch.coverage is None else coverage.with_alpha(patch.pixels, patch.coverage)
        area = patch.bounds
        layer.setPixelData(QtCore.QByteArray(bytes(data)), area.x, area.y, area.width, area.height)


def _filled(krita: Any, document: Any, patches: Sequence[host.ResultPatch], title: str) -> Any:
    layer = document.createNode(title, "paintlayer")
    if _overlap([patch.bounds for patch in patches]):
        area, data = _composed(krita, document, patches)
        layer.setPixelData(data, area.x, area.y, area.width, area.height)
    elif all(coverage.is_opaque(patch.pixels.data, patch.pixels.format) for patch in patches):
        fill(layer, patches)
    else:  # alpha says what is covered, and nothing else: the document's own is inherited
        for patch in patches:
            area = patch.bounds
            data = coverage.with_alpha(patch.pixels, patch.coverage)
            layer.setPixelData(QtCore.QByteArray(bytes(data)), area.x, area.y, area.width, area.height)
    return layer


def _overlap(areas: Sequence[geometry.Bounds]) -> bool:
    """Tell whether any two of the areas meet."""
    rows = sorted(areas, key=lambda area: area.y)
    for index, area in enumerate(rows):
        for other in rows[index + 1 :]:
            if other.y >= area.bottom:
                break
            if not area.intersect(other).is_empty:
                return True
    return False


def _composed(krita: Any, document: Any, patches: Sequence[host.ResultPatch]) -> tuple[geometry.Bounds, Any]:
    """Return overlapping patches, laid over each other by Krita itself in a document that nobody sees."""
    area = geometry.Bounds(0, 0, 0, 0)
    for patch in patches:
        area = area.union(patch.bounds)
    scratch = krita.Krita.instance().createDocument(
        area.width,
        area.height,
        "Foveate",
        document.colorModel(),
        document.colorDepth(),
        document.colorProfile(),
        72.0,
    )
    try:
        for node in scratch.rootNode().childNodes():
            node.remove()
        for patch in patches:
            layer = scratch.createNode("patch", "paintlayer")
            data = QtCore.QByteArray(bytes(coverage.with_alpha(patch.pixels, patch.coverage)))
            inside = patch.bounds.relative_to(area)
            layer.setPixelData(data, inside.x, inside.y, inside.width, inside.height)
            scratch.rootNode().addChildNode(layer, None)
        scratch.refreshProjection()
        scratch.waitForDone()
        return area, scratch.pixelData(0, 0, area.width, area.height)
    finally:
        scratch.setModified(False)
        scratch.close()
