"""Bytes in and out of GEGL's buffers, with their lengths checked: GEGL itself does nothing where one is wrong."""

from __future__ import annotations

from gi.repository import Gegl

from ._shared import errors, geometry, pixels
from .formats import gimp_name


def read(buffer: Gegl.Buffer, bounds: geometry.Bounds, name: str, pixel_size: int) -> bytes:
    """Return the pixels of `bounds`, tightly packed, in the format `name`. Raises InputError where they are gone."""
    data = buffer.get(_rectangle(bounds), 1.0, name, Gegl.AbyssPolicy.NONE)
    if len(data) != bounds.area * pixel_size:
        raise errors.InputError("GIMP did not hand out the pixels.", remedy="Run it again; the image may be closed.")
    return bytes(data)


def write(buffer: Gegl.Buffer, bounds: geometry.Bounds, name: str, data: bytes, pixel_size: int) -> None:
    """Write tightly packed pixels. Raises ServerError where their number is not that of `bounds`."""
    if len(data) != bounds.area * pixel_size:
        raise errors.ServerError(
            "The result has {count} bytes instead of {expected}.", count=len(data), expected=bounds.area * pixel_size
        )
    buffer.set(_rectangle(bounds), name, data)


def converted_coverage(data: bytes, extent: geometry.Extent, source: pixels.SampleType, to: pixels.SampleType) -> bytes:
    """Return coverage with samples of another type."""
    if source is to:
        return bytes(data)
    buffer = Gegl.Buffer.new(f"Y {gimp_name(to)}", 0, 0, extent.width, extent.height)
    write(buffer, extent.bounds, f"Y {gimp_name(source)}", bytes(data), source.size)
    return read(buffer, extent.bounds, f"Y {gimp_name(to)}", to.size)


def _rectangle(bounds: geometry.Bounds) -> Gegl.Rectangle:
    return Gegl.Rectangle.new(bounds.x, bounds.y, bounds.width, bounds.height)
