"""What Krita's hosts have in common: the document's layers beside it, and results that open a window of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from . import layer_pictures, layers, new_documents, style, wait_until_idle
from ._shared import geometry, host, in_steps, job_records, named_pictures, offered_operations, results_in_words
from .settings_place import known_models

PICTURE_SIDE = 768  # pixels: pictures show the middle of what is larger, so that drawing one does not hold up Krita


class KritaJobHost(in_steps.InSteps):
    """See foveate_shared.jobs.host.Host; its pictures are QImages."""

    def __init__(self, krita: Any, document: Any, title: str) -> None:
        """`krita` is Krita's module, `title` names what the result becomes; `document` may be None."""
        super().__init__(title, results_in_words.folder_beside(document.fileName() if document is not None else ""))
        self._krita = krita
        self._document = document
        self.document_key = layer_pictures.document_key(document) if document is not None else ""
        self._made: tuple[str, Any] | None = None  # what the result became: the document's key, and its layer's QUuid
        self._result_in: tuple[Any, geometry.Bounds] | None = None  # where the picture of the result is to come from

    def record(self) -> job_records.Record:
        """See RecordedHost."""
        file = self._document.fileName() if self._document is not None else ""
        return job_records.Record(self._title, Path(file).name, {"file": file})

    def pictures(self) -> tuple[named_pictures.OfferedPicture, ...]:
        """See PictureHost: the document's layers."""
        return layer_pictures.offered(self._document) if self._document is not None else ()

    def freeze_picture(self, key: str) -> named_pictures.FrozenPicture:
        """See PictureHost."""
        return layer_pictures.freeze(self._krita, self._document, key)

    @property
    def is_undone(self) -> bool:
        """Tell whether the result's layer is gone from its document, as after an undo, while that is open."""
        if self._made is None:
            return False
        document_key, layer = self._made
        document = layer_pictures.open_document(self._krita, document_key)
        return document is not None and not layer_pictures.has_layer(document, layer)

    def take_picture(self) -> bool:
        """Fill `after` where the document has drawn the result; return whether that is still to come."""
        if self._result_in is None:
            return False
        document, area = self._result_in
        if wait_until_idle.is_open(self._krita, document):
            if not document.tryBarrierLock():
                return True
            document.unlock()
            self.after = self.picture(document, area)
        self._result_in = None
        return False

    def picture(self, document: Any, area: geometry.Bounds) -> Any:
        """Return a QImage (sRGB) of an area of a document; of its middle where it is large."""
        seen = area.middle(PICTURE_SIDE)
        return document.projection(seen.x, seen.y, seen.width, seen.height)

    def drawn(self, scratch: Any, extent: geometry.Extent) -> Any:
        """Return a QImage of a document that nobody sees, once it is drawn."""
        scratch.refreshProjection()
        scratch.waitForDone()
        return self.picture(scratch, extent.bounds)

    def draw(self, image: host.Image) -> Any:
        """See InSteps."""
        return style.picture(image)

    def release(self) -> None:
        """See Host: the history lives longer than documents do."""
        self._document = None

    def _put(self, document: Any, prepared: layers.Prepared, result: host.Result) -> None:
        """Lay the result over a document as one new layer, with its recipe."""
        title = self._named(result)
        layer = layers.add_layer(document, prepared, title)
        layers.keep_recipe(document, layer, result, title)
        self._made = layer_pictures.document_key(document), layer.uniqueId()

    def _fill(self, document: Any, parts: layers.Parts, result: host.Result) -> in_steps.Steps[None]:
        """Make the empty `document` the result, and open a window on it."""
        yield from new_documents.filled(self._krita, document, parts)
        title = self._named(result)
        layer = document.rootNode().childNodes()[0]
        layer.setName(title)
        layers.keep_recipe(document, layer, result, title)
        new_documents.show(self._krita, document)

    def _named(self, result: host.Result) -> str:
        """Return the name of the layer that holds a result."""
        return offered_operations.titled(self._title, result.recipe, known_models(self._krita))
