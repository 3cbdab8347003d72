"""Coverage of selections and patches as bytes, without numpy: whole planes are moved by slices and tables.

Loops over pixels in Python would take seconds for large images; slices take milliseconds.
"""

from __future__ import annotations

import re
import struct
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from ..geometry import Bounds
from ..pixels import PixelFormat, SampleType
from .host import Image

_FULL = {
    SampleType.U8: b"\xff",
    SampleType.U16: b"\xff\xff",
    SampleType.F16: struct.pack("<e", 1),
    SampleType.F32: struct.pack("<f", 1),
}
_CHUNK = 1 << 16  # bytes
_FULL_CHUNK = b"\xff" * _CHUNK
_SOME = bytes(1) + b"\xff" * 255  # a table: what is not 0 becomes 255
T = TypeVar("T")
_COVERED = re.compile(rb"[^\x00]+")


@dataclass(frozen=True)
class Mask:
    """A frozen selection: one byte per pixel of `bounds` (document pixels); elsewhere nothing is selected."""

    bounds: Bounds
    data: bytes

    @property
    def is_full(self) -> bool:
        """Tell whether all of the bounds is fully selected."""
        # Chunk by chunk: soft edges are told at once, and counting all of a large mask takes ten times as long.
        chunks = (self.data[start : start + _CHUNK] for start in range(0, len(self.data), _CHUNK))
        return all(chunk == _FULL_CHUNK[: len(chunk)] for chunk in chunks)

    def part(self, band: Bounds) -> Mask:
        """Return some of the rows; `band` is as wide as the bounds."""
        start = (band.y - self.bounds.y) * self.bounds.width
        return Mask(band, self.data[start : start + band.area])

    def window(self, bounds: Bounds) -> bytes:
        """Return the coverage of any bounds, one byte per pixel."""
        inside = self.bounds.intersect(bounds)
        if inside.is_empty:
            return bytes(bounds.area)
        left, right = bytes(inside.x - bounds.x), bytes(bounds.right - inside.right)
        rows = [bytes(bounds.width * (inside.y - bounds.y))]
        for y in range(inside.y, inside.bottom):
            start = (y - self.bounds.y) * self.bounds.width + inside.x - self.bounds.x
            rows += (left, self.data[start : start + inside.width], right)
        rows.append(bytes(bounds.width * (bounds.bottom - inside.bottom)))
        return b"".join(rows)


def same_under(mask: Mask | None, first: memoryview, second: memoryview, pixel_size: int) -> bool:
    """Tell whether two images of the mask's bounds are equal wherever it covers; None covers everything."""
    if first == second:
        return True
    if mask is None or len(first) != len(second):
        return False
    return all(first[start:stop] == second[start:stop] for start, stop in _covered_bytes(mask, pixel_size))


def _covered_bytes(mask: Mask, pixel_size: int) -> Iterator[tuple[int, int]]:
    return ((run.start() * pixel_size, run.end() * pixel_size) for run in _COVERED.finditer(mask.data))


def differs_where_covered(old: bytes, new: bytes, covered: bytes, layout: PixelFormat, noise: float = 0.0) -> bool:
    """Tell whether any pixel differs whose coverage, a 32 bit float, is not 0.

    Floats may differ by `noise`, in parts of white, and of themselves where they are above it.
    """
    size = layout.pixel_size
    levels = memoryview(covered).cast("I")  # the bits of 0.0 are 0
    for at, level in enumerate(levels):
        pixel = slice(at * size, (at + 1) * size)
        if level and old[pixel] != new[pixel] and not _is_noise(old[pixel], new[pixel], layout, noise):
            return True
    return False


def _is_noise(old: bytes, new: bytes, layout: PixelFormat, noise: float) -> bool:
    if not layout.dtype.is_float:
        return False
    code = f"<{layout.channels.count}{'e' if layout.dtype is SampleType.F16 else 'f'}"
    pairs = zip(struct.unpack(code, old), struct.unpack(code, new), strict=True)
    return all(abs(one - other) <= noise * max(1.0, abs(one)) for one, other in pairs)


def is_opaque(data: bytes | bytearray | memoryview, layout: PixelFormat) -> bool:
    """Tell whether the alpha of every pixel is full."""
    view = bytes(data)
    count = len(view) // layout.pixel_size
    return all(
        view[offset :: layout.pixel_size].count(full) == count for offset, full in _alpha_bytes(layout, _full(layout))
    )


def with_alpha(image: Image, coverage: Image | None) -> bytearray:
    """Return an image whose alpha is the coverage, at the image's depth; without one, its alpha is full."""
    layout = image.format
    data = bytearray(image.data)
    count = image.extent.area
    planes = [bytes([value]) * count for value in _full(layout)] if coverage is None else _planes(coverage, layout)
    for offset, plane in _alpha_bytes(layout, planes):
        data[offset :: layout.pixel_size] = plane
    return data


def visible_plane(data: bytes | bytearray | memoryview, layout: PixelFormat) -> bytes:
    """Return a byte per pixel: 255 where its alpha is not 0."""
    view, plane = bytes(data), 0
    for offset, _ in _alpha_bytes(layout, _full(layout)):
        plane |= int.from_bytes(view[offset :: layout.pixel_size].translate(_SOME), "little")
    return plane.to_bytes(len(view) // layout.pixel_size, "little")


def is_any_visible(data: bytes, layout: PixelFormat, coverage: bytes | None) -> bool:
    """Tell whether any pixel is visible that has coverage, of which there is a byte per pixel; None covers all."""
    seen = visible_plane(data, layout)
    if coverage is None:
        return any(seen)
    return bool(int.from_bytes(seen, "little") & int.from_bytes(coverage.translate(_SOME), "little"))


def hide_invisible(samples: bytearray, image: Image) -> None:
    """Set the alpha of `samples`, which are laid out as the image's, to 0 where the image's is."""
    layout = image.format
    seen = visible_plane(image.data, layout)
    if seen.count(255) == len(seen):
        return
    mask = int.from_bytes(seen, "little")
    for offset, _ in _alpha_bytes(layout, _full(layout)):
        plane = int.from_bytes(samples[offset :: layout.pixel_size], "little") & mask
        samples[offset :: layout.pixel_size] = plane.to_bytes(len(seen), "little")


def _full(layout: PixelFormat) -> bytes:
    return _FULL[layout.dtype]


def _alpha_bytes(layout: PixelFormat, values: Iterable[T]) -> Iterator[tuple[int, T]]:
    """Return, for each byte of an alpha sample, where it lies within the pixel, and its part of `values`."""
    position = layout.channels.alpha_position
    assert position is not None  # noqa: S101 - the layouts of documents that take layers have alpha
    start = position * layout.dtype.size
    return ((start + index, value) for index, value in enumerate(values))


def _planes(coverage: Image, layout: PixelFormat) -> list[bytes]:
    """Return the bytes of alpha samples, lowest first, as one plane per byte."""
    data = bytes(coverage.data)
    depth, wanted = coverage.format.dtype, layout.dtype
    if depth is not wanted and depth is not SampleType.U8:
        data, depth = _converted(data, depth, wanted), wanted
    if depth is wanted:
        return [data[index :: wanted.size] for index in range(wanted.size)]
    samples = [_pack(value / 255, wanted) for value in range(256)]
    return [data.translate(bytes(sample[index] for sample in samples)) for index in range(wanted.size)]


def _converted(data: bytes, depth: SampleType, wanted: SampleType) -> bytes:
    """Return coverage samples at another depth. One by one: only hosts and servers that disagree on depths need it."""
    if depth is SampleType.U16:
        table = [_pack(value / 65535, wanted) for value in range(65536)]
        return b"".join(map(table.__getitem__, memoryview(data).cast("H")))
    values = array("f", data) if depth is SampleType.F32 else struct.unpack(f"<{len(data) // 2}e", data)
    return b"".join(_pack(value, wanted) for value in values)


def _pack(value: float, dtype: SampleType) -> bytes:
    """Return coverage 0 to 1 as one sample."""
    value = min(1.0, max(0.0, value))
    if dtype.is_float:
        return struct.pack("<e" if dtype is SampleType.F16 else "<f", value)
    maximum = (1 << 8 * dtype.size) - 1
    return round(value * maximum).to_bytes(dtype.size, "little")
