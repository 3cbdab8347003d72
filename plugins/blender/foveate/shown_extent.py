"""How large an image is, also a render: scripts are told no size of that, but its editors know how they draw it."""

from __future__ import annotations

import bpy

from ._shared import geometry
from .show_result import image_editors, main_region

_UNKNOWN = geometry.Extent(0, 0)
_COUNTS_ALL = (5, 2)  # all of an editor's pixels: 4.3 takes the way from the first to the last one for its width


def extent_of(image: bpy.types.Image) -> geometry.Extent:
    """Return the size of an image; an empty one where it has none, or is a render that no editor shows."""
    if image.type != "RENDER_RESULT":
        return geometry.Extent(*image.size)
    shown = (_drawn_extent(area) for _, area in image_editors() if area.spaces.active.image == image)
    return next(shown, _UNKNOWN)


def _drawn_extent(area: bpy.types.Area) -> geometry.Extent:
    """Return the size of the image in an editor.

    It follows from how much of it the main region shows, in parts of the whole, and from the pixels of the screen that
    one of its own takes (`zoom`).
    """
    region, less = main_region(area), int(bpy.app.version < _COUNTS_ALL)
    left, bottom = region.view2d.region_to_view(0, 0)
    right, top = region.view2d.region_to_view(region.width - less, region.height - less)
    across, up = area.spaces.active.zoom
    if not (across and up and right > left and top > bottom):
        return _UNKNOWN
    width, height = region.width / ((right - left) * across), region.height / ((top - bottom) * up)
    return geometry.Extent(round(width), round(height))
