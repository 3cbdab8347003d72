"""New Krita documents out of pixels: nobody sees them before they are complete, and Krita owns them afterwards."""

from __future__ import annotations

from typing import Any

from . import layers
from ._shared import errors, geometry, in_steps
from .wait_until_idle import drop, until_idle

Colors = tuple[str, str, str]  # model, depth and profile, as Krita names them
RESOLUTION = 72.0  # pixels per inch, where no other document says it


def create(krita: Any, extent: geometry.Extent, title: str, colors: Colors, resolution: float = RESOLUTION) -> Any:
    """Return an empty document. Raises ResourceError where Krita makes none."""
    document = krita.Krita.instance().createDocument(extent.width, extent.height, title, *colors, resolution)
    if document is None:
        raise errors.ResourceError(
            "Krita did not make an image of {width} x {height} pixels.",
            remedy="Close other images, or choose a smaller scale.",
            width=extent.width,
            height=extent.height,
        )
    return document


def filled(krita: Any, document: Any, parts: layers.Parts) -> in_steps.Steps[Any]:
    """Write pixels into a new document's only layer, in steps, and return it; it is closed where that is given up."""
    try:
        for part in parts:
            layers.fill(document.rootNode().childNodes()[0], [part])
            yield
        document.refreshProjection()
        yield from until_idle(krita, document, shown=False)
    except BaseException:  # also where it is given up in the middle
        drop(document)
        raise
    return document


def show(krita: Any, document: Any) -> None:
    """Open a window on a document; Krita owns it from then on."""
    app = krita.Krita.instance()
    window = app.activeWindow() or next(iter(app.windows()), None)
    if window is None:
        raise errors.InputError("Krita has no window for the new image.", remedy="Open one, then apply again.")
    window.addView(document)
