"""A host for operations that take no document: what they make becomes a new image, out of 8 bit RGB in sRGB."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import layer_pictures, layers, new_documents, style
from ._shared import errors, geometry, host, named_pictures, pixels, protocol, results_in_words
from .document import place_of
from .layers import Steps, to_end
from .qt import QtCore

_COLORS = ("RGBA", "U8", "sRGB-elle-V2-srgbtrc.icc")


class NewImageHost:
    """See foveate_shared.jobs.host.Host; layers of the active document may go beside what is not there."""

    result_kinds = (protocol.PIXELS, *results_in_words.KINDS)

    def __init__(self, krita: Any, document: Any, title: str) -> None:
        """`document` has the layers that can be chosen; None where none is open."""
        self.before: Any = None  # as in KritaHost
        self.after: Any = None
        self.told: tuple[str, ...] = ()
        self._krita = krita
        self._document = document
        self._place = place_of(document)
        self._title = title

    def pictures(self) -> tuple[named_pictures.OfferedPicture, ...]:
        """See PictureHost."""
        return layer_pictures.offered(self._document) if self._document is not None else ()

    def freeze_picture(self, key: str) -> named_pictures.FrozenPicture:
        """See PictureHost."""
        return layer_pictures.freeze(self._krita, self._document, key)

    def freeze(self) -> host.Snapshot:
        """Refuse: there is no document."""
        raise _no_document()

    def read_pixels(self, bounds: geometry.Bounds, extent: geometry.Extent) -> host.Image:
        """Refuse likewise."""
        raise _no_document()

    def read_coverage(self, bounds: geometry.Bounds, extent: geometry.Extent) -> host.Image:
        """Refuse likewise."""
        raise _no_document()

    def is_unchanged(self) -> bool:
        """Say yes: the result stands for itself."""
        return True

    def apply(self, result: host.Result) -> None:
        """See Host."""
        to_end(self.steps(result, check=False))

    def steps(self, result: host.Result, *, check: bool) -> Steps[None]:
        """See StepwiseHost."""
        del check
        if result.kind in results_in_words.KINDS:
            self.told = results_in_words.told(result, self._place, self._title)
            self.after = style.drawing(result)
        elif result.patches:
            yield from self._open(result)

    def preview(self, result: host.Result) -> Any:
        """See JobHost."""
        return style.drawing(result) if result.kind == protocol.REPORT else style.new_image(result)

    def take_picture(self) -> bool:
        """See JobHost: the picture is there with the result."""
        return False

    def release(self) -> None:
        """See Host."""
        self._document = None

    def _open(self, result: host.Result) -> Steps[None]:
        title = new_documents.named(self._title, result.recipe)
        empty = new_documents.create(self._krita, result.extent, title, _COLORS)
        document = yield from new_documents.filled(self._krita, empty, tuple(_parts(result.patches)))
        layer = document.rootNode().childNodes()[0]
        layer.setName(title)
        layers.keep_recipe(document, layer, result, title)
        new_documents.show(self._krita, document)
        self.after = style.new_image(result)


def _parts(patches: tuple[host.ResultPatch, ...]) -> Iterator[tuple[geometry.Bounds, Any]]:
    """Yield patches as Krita has such pixels."""
    for patch in patches:
        yield patch.bounds, QtCore.QByteArray(pixels.with_opaque_alpha(patch.pixels.data, pixels.Channels.BGRA))


def _no_document() -> errors.ServerError:
    return errors.ServerError("The server asked for a document, and there is none.", fault=errors.Fault.CLIENT)
