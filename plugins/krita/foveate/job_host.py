"""What Krita's hosts have in common: the document's layers beside it, and results that open a window of their own."""

from __future__ import annotations

from typing import Any

from . import layer_pictures, layers, new_documents, style
from ._shared import host, in_steps, named_pictures, offered_operations, results_in_words


class KritaJobHost(in_steps.InSteps):
    """See foveate_shared.jobs.host.Host; its pictures are QImages."""

    def __init__(self, krita: Any, document: Any, title: str) -> None:
        """`krita` is Krita's module, `title` names what the result becomes; `document` may be None."""
        super().__init__(title, results_in_words.folder_beside(document.fileName() if document is not None else ""))
        self._krita = krita
        self._document = document

    def pictures(self) -> tuple[named_pictures.OfferedPicture, ...]:
        """See PictureHost: the document's layers."""
        return layer_pictures.offered(self._document) if self._document is not None else ()

    def freeze_picture(self, key: str) -> named_pictures.FrozenPicture:
        """See PictureHost."""
        return layer_pictures.freeze(self._krita, self._document, key)

    def draw(self, image: host.Image) -> Any:
        """See InSteps."""
        return style.picture(image)

    def release(self) -> None:
        """See Host: the history lives longer than documents do."""
        self._document = None

    def _fill(self, document: Any, parts: layers.Parts, result: host.Result) -> in_steps.Steps[None]:
        """Make the empty `document` the result, and open a window on it."""
        yield from new_documents.filled(self._krita, document, parts)
        title = offered_operations.titled(self._title, result.recipe)
        layer = document.rootNode().childNodes()[0]
        layer.setName(title)
        layers.keep_recipe(document, layer, result, title)
        new_documents.show(self._krita, document)
