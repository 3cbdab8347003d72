"""Small pictures of images, for dialogs. GIMP's own thumbnails are not there for images of 16 bit and more."""

from __future__ import annotations

from gi.repository import GdkPixbuf, Gegl, Gimp, GLib

from ._shared import geometry

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


def cut(buffer: Gegl.Buffer, bounds: geometry.Bounds, side: int) -> GdkPixbuf.Pixbuf:
    """Return a picture of a part of a buffer, `side` pixels at its longest side."""
    scale = side / max(bounds.width, bounds.height)
    x, y, width, height = (round(scale * each) for each in (bounds.x, bounds.y, bounds.width, bounds.height))
    picture = _picture(_samples(buffer, x, y, max(1, width), max(1, height), scale), max(1, width), max(1, height))
    return picture.composite_color_simple(
        picture.get_width(), picture.get_height(), GdkPixbuf.InterpType.NEAREST, 255, _CHECK, _LIGHT, _DARK
    )


def _read(image: Gimp.Image, width: int, height: int, scale: float) -> GdkPixbuf.Pixbuf:
    data = b""
    visible = Gimp.Layer.new_from_visible(image, image, "thumbnail")
    if visible is not None:
        try:
            data = _samples(visible.get_buffer(), 0, 0, width, height, scale)
        finally:
            visible.delete()
    return _picture(data, width, height)


def _samples(  # noqa: PLR0917 - a rectangle, and how it is seen
    buffer: Gegl.Buffer, x: int, y: int, width: int, height: int, scale: float
) -> bytes:
    """Return a rectangle of a buffer that is seen at a scale; so is the rectangle."""
    area = Gegl.Rectangle.new(x, y, width, height)
    return bytes(buffer.get(area, scale, "R'G'B'A u8", Gegl.AbyssPolicy.NONE))


def _picture(data: bytes, width: int, height: int) -> GdkPixbuf.Pixbuf:
    data = data.ljust(width * height * 4, b"\0")
    return GdkPixbuf.Pixbuf.new_from_bytes(
        GLib.Bytes.new(data), GdkPixbuf.Colorspace.RGB, True, 8, width, height, width * 4
    )
