"""Bytes in and out of GEGL's buffers, with their lengths checked: GEGL itself does nothing where one is wrong."""

from __future__ import annotations

from array import array

from gi.repository import Gegl

from ._shared import errors, geometry, pixels
from .formats import LayerFormat, gimp_name

_FULL = {  # the bytes of one sample that means "all of it"
    pixels.SampleType.U8: b"\xff",
    pixels.SampleType.U16: b"\xff\xff",
    pixels.SampleType.F16: b"\x00\x3c",
    pixels.SampleType.F32: b"\x00\x00\x80\x3f",
}
_WORDS = {1: "B", 2: "H", 4: "I"}  # array's type codes by size in bytes


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


def with_alpha(patch: bytes, coverage: bytes | None, layout: LayerFormat) -> bytes:
    """Return pixels whose alpha is the coverage, which has samples like theirs; None means that all is taken."""
    samples = layout.pixels.dtype
    code = _WORDS[samples.size]
    result = array(code, bytes(patch))
    count = layout.pixels.channels.count
    covered = coverage if coverage is not None else _FULL[samples] * (len(result) // count)
    result[count - 1 :: count] = array(code, covered)
    return result.tobytes()


def converted_coverage(data: bytes, extent: geometry.Extent, source: pixels.SampleType, to: pixels.SampleType) -> bytes:
    """Return coverage with samples of another type."""
    if source is to:
        return bytes(data)
    buffer = Gegl.Buffer.new(f"Y {gimp_name(to)}", 0, 0, extent.width, extent.height)
    write(buffer, extent.bounds, f"Y {gimp_name(source)}", bytes(data), source.size)
    return read(buffer, extent.bounds, f"Y {gimp_name(to)}", to.size)


def _rectangle(bounds: geometry.Bounds) -> Gegl.Rectangle:
    return Gegl.Rectangle.new(bounds.x, bounds.y, bounds.width, bounds.height)
