"""A result as one new layer: patches in its pixels, coverage in its alpha, and all of it one undo step."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from . import wait_until_idle
from ._shared import arrange_patches, coverage, errors, geometry, host, in_steps
from .qt import QtCore

Parts = Sequence[tuple[geometry.Bounds, Any]]  # QByteArrays in Krita's layout, and where they belong
ANNOTATION = "foveate/recipe/"  # before the layer's id: where a document keeps the recipe of a layer


@dataclass(frozen=True)
class Prepared:
    """What a new layer will hold, ready for Krita."""

    parts: Parts
    inherits_alpha: bool  # where the document is translucent: its alpha thus stays as it is
    shows_nothing: bool = False  # all of it is transparent


def prepare(krita: Any, colors: tuple[str, str, str], patches: Sequence[host.ResultPatch]) -> in_steps.Steps[Prepared]:
    """Prepare the layer of some patches, in steps."""
    opaque = yield from _all_opaque(patches)
    if arrange_patches.overlap(patches):
        parts = yield from _composed(krita, colors, patches)
    else:
        parts = yield from converted(patches, keeps_alpha=opaque)
    shows_nothing = not opaque and not (yield from _any_visible(patches))
    return Prepared(parts, not opaque, shows_nothing)


def converted(patches: Iterable[host.ResultPatch], *, keeps_alpha: bool) -> in_steps.Steps[Parts]:
    """Return patches that do not overlap as Krita takes them, in steps.

    Coverage becomes alpha. Where there is none the patch's own alpha is kept, or it is full.
    """
    parts = []
    for band in arrange_patches.patch_bands(patches):
        plain = band.coverage is None and keeps_alpha
        data = band.pixels.data if plain else coverage.with_alpha(band.pixels, band.coverage)
        parts.append((band.bounds, QtCore.QByteArray(bytes(data))))
        yield
    return parts


def add_layer(document: Any, prepared: Prepared, title: str) -> Any:
    """Add a layer on top, and return it. All at once: Krita does not survive layers of documents that are closed."""
    layer = document.createNode(title, "paintlayer")
    fill(layer, prepared.parts)
    if prepared.inherits_alpha:
        layer.setInheritAlpha(True)
    # The pixels are there before the layer is in the document: Krita then counts one step to undo.
    if not document.rootNode().addChildNode(layer, None):
        raise errors.InputError(
            "Krita did not take the new layer.", remedy="Unlock the image's layers, or finish what Krita is doing."
        )
    return layer


def fill(layer: Any, parts: Parts) -> None:
    """Write pixels into a layer."""
    for area, data in parts:
        layer.setPixelData(data, area.x, area.y, area.width, area.height)


def keep_recipe(document: Any, layer: Any, result: host.Result, title: str) -> None:
    """Store the recipe in the document under the layer's id: it is saved with it, and is no step to undo."""
    recipe = json.dumps(result.recipe, indent=2, ensure_ascii=False).encode("utf-8")
    name = layer.uniqueId().toString().strip("{}")
    document.setAnnotation(ANNOTATION + name, f"Foveate's recipe of the layer {title}", QtCore.QByteArray(recipe))


def _all_opaque(patches: Iterable[host.ResultPatch]) -> in_steps.Steps[bool]:
    for band in arrange_patches.patch_bands(patches):
        if not coverage.is_opaque(band.pixels.data, band.pixels.format):
            return False
        yield
    return True


def _any_visible(patches: Iterable[host.ResultPatch]) -> in_steps.Steps[bool]:
    for band in arrange_patches.patch_bands(patches):
        if any(coverage.visible_plane(band.pixels.data, band.pixels.format)):
            return True
        yield
    return False


def _composed(krita: Any, colors: tuple[str, str, str], patches: Sequence[host.ResultPatch]) -> in_steps.Steps[Parts]:
    """Return overlapping patches, laid over each other by Krita itself in a document that nobody sees."""
    area = arrange_patches.covered_bounds(patches)
    scratch = krita.Krita.instance().createDocument(area.width, area.height, "Foveate", *colors, 72.0)
    with wait_until_idle.dropped_after(scratch):
        for node in scratch.rootNode().childNodes():
            node.remove()
        for patch in patches:
            parts = yield from converted([patch], keeps_alpha=False)
            layer = scratch.createNode("patch", "paintlayer")
            fill(layer, [(bounds.relative_to(area), data) for bounds, data in parts])
            scratch.rootNode().addChildNode(layer, None)
            yield
        scratch.refreshProjection()
        yield from wait_until_idle.until_idle(krita, scratch, shown=False)
        inside = geometry.Bounds(0, 0, area.width, area.height)
        size = patches[0].pixels.format.pixel_size
        parts = []
        for band in arrange_patches.rows_of(inside, size):
            data = scratch.pixelData(band.x, band.y, band.width, band.height)
            parts.append((band.moved(area.x, area.y), data))
            yield
        return parts
