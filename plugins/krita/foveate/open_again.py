"""Finds the image that a result was made of once it was closed and opened again: by its file, its size and colours."""

from __future__ import annotations

from typing import Any

from ._shared import geometry
from .layer_pictures import document_colors, extent_of


def open_again(krita: Any, file: Any, extent: geometry.Extent, colors: Any) -> Any:
    """Return the open document of a file, or None where none is that still fits; `colors` as document_colors()."""
    for document in krita.Krita.instance().documents() if file else ():
        fits = extent_of(document) == extent and list(document_colors(document)) == list(colors or ())
        if document.fileName() == file and fits:
            return document
    return None
