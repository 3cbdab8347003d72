"""Small pictures of images, for dialogs. GIMP's own thumbnails are not there for images of 16 bit and more."""

from __future__ import annotations

from gi.repository import GdkPixbuf, Gegl, Gimp, GLib

_CHECK = 8  # pixels of the squares behind what is transparent
_LIGHT, _DARK = 0x999999, 0x666666


def of(image: Gimp.Image, side: int) -> GdkPixbuf.Pixbuf:
    """Return a picture of what is visible, with a longest side of at most `side`; a small one is enlarged."""
    longest = max(image.get_width(), image.get_height())
    scale = min(1.0, side / longest)
    width, height = max(1, round(image.get_width() * scale)), max(1, round(image.get_height() * scale))
    factor = max(1, side // (2 * longest))  # pixel by pixel
    picture = _read(image, width, height, scale)
    return picture.composite_color_simple(
        width * factor, height * factor, GdkPixbuf.InterpType.NEAREST, 255, _CHECK, _LIGHT, _DARK
    )


def _read(image: Gimp.Image, width: int, height: int, scale: float) -> GdkPixbuf.Pixbuf:
    data = b""
    visible = Gimp.Layer.new_from_visible(image, image, "thumbnail")
    if visible is not None:
        try:
            area = Gegl.Rectangle.new(0, 0, width, height)
            data = bytes(visible.get_buffer().get(area, scale, "R'G'B'A u8", Gegl.AbyssPolicy.NONE))
        finally:
            visible.delete()
    data = data.ljust(width * height * 4, b"\0")
    return GdkPixbuf.Pixbuf.new_from_bytes(
        GLib.Bytes.new(data), GdkPixbuf.Colorspace.RGB, True, 8, width, height, width * 4
    )
