"""Shows an image in another one's place, and the same part of it: Blender 5.2 shows all of each new one."""

from __future__ import annotations

import bpy

_SHOWS_ALL = (5, 2)  # from this release on, in which it was seen
_MIDDLE = 0.4988  # in pixels from an image's middle: what Blender has in the middle where it shows all of the image


def show_same_part(
    window: bpy.types.Window, area: bpy.types.Area, region: bpy.types.Region, image: bpy.types.Image
) -> None:
    """Show an image in an editor, in its main region, zoomed and moved as the one before, which was as large."""
    left, bottom = region.view2d.region_to_view(0, 0)  # as was drawn last: parts of the image
    right, top = region.view2d.region_to_view(region.width, region.height)
    area.spaces.active.image = image
    width, height = image.size
    if bpy.app.version < _SHOWS_ALL or right <= left or not width:
        return
    zoom = region.width / ((right - left) * width)  # the editor's own would be that of no image, after an undo
    moved = ((left + right - 1) / 2 * width - _MIDDLE, (bottom + top - 1) / 2 * height - _MIDDLE)
    with bpy.context.temp_override(window=window, area=area, region=region):
        bpy.ops.image.view_all()
        bpy.ops.image.view_zoom_ratio(ratio=zoom)
        bpy.ops.image.view_pan(offset=moved)
