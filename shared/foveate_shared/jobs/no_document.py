"""A host without a document: that was lost, or the operation takes none."""

from __future__ import annotations

from ..geometry import Bounds, Extent
from .document_problems import no_document
from .host import Image, Snapshot


class NoDocument:
    """See Host: what is to be done with a result, `apply` says; nothing else is there to be asked for."""

    def freeze(self) -> Snapshot:
        """Refuse. Raises ServerError: nobody asks for it."""
        raise no_document()

    def read_pixels(self, bounds: Bounds, extent: Extent) -> Image:
        """Refuse likewise."""
        raise no_document()

    read_coverage = read_pixels

    def is_unchanged(self) -> bool:
        """Say yes: the result stands for itself."""
        return True

    def release(self) -> None:
        """Do nothing: nothing was frozen."""
