"""The images of the file that an operation could take beside the one that it works on."""

from __future__ import annotations

import bpy

from . import buffers
from ._shared import geometry, named_pictures


def offered(without: bpy.types.Image | None = None, wanted: str = "") -> tuple[named_pictures.OfferedPicture, ...]:
    """Return the images of the file that may have pixels; a panel lists them `without` the one that is worked on.

    Only that with the key `wanted` is loaded, should it not be yet, to tell its size.
    """
    found = [
        named_pictures.OfferedPicture(key, each.name, _extent(each, loads=key == wanted))
        for each in bpy.data.images
        if each != without
        for key in (str(buffers.reference(each)),)
    ]
    return tuple(each for each in found if each.extent is None or each.key == wanted or not each.extent.is_empty)


def _extent(image: bpy.types.Image, *, loads: bool) -> geometry.Extent | None:
    """Return an image's size; None where only its file tells that, and it shall not be loaded."""
    is_known = loads or image.has_data or image.source in {"GENERATED", "VIEWER"}
    return geometry.Extent(*image.size) if is_known else None
