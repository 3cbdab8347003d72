"""How pixels lie in memory, and the few changes of layout that need no arithmetic. Standard library only.

A plugin never reorders pixels: it declares its host's layout, and the server answers in the same one.
"""

from __future__ import annotations

import sys
from array import array
from dataclasses import dataclass
from enum import Enum

from .geometry import Extent


class SampleType(str, Enum):
    """The type of one sample; little-endian."""

    U8 = "u8"
    U16 = "u16"
    F16 = "f16"
    F32 = "f32"

    @property
    def size(self) -> int:
        """Return the bytes of one sample."""
        return {"u8": 1, "u16": 2, "f16": 2, "f32": 4}[self.value]

    @property
    def is_float(self) -> bool:
        """Tell whether samples are floating point: nominal white is 1.0, larger values are legal."""
        return self in (SampleType.F16, SampleType.F32)


class Channels(str, Enum):
    """The channels of a pixel, in memory order."""

    Y = "Y"
    YA = "YA"
    RGB = "RGB"
    BGR = "BGR"
    RGBA = "RGBA"
    BGRA = "BGRA"
    ARGB = "ARGB"
    ABGR = "ABGR"

    @property
    def count(self) -> int:  # type: ignore[override]  # of samples; nobody counts letters in a layout's name
        """Return the samples per pixel."""
        return len(self.value)

    @property
    def has_alpha(self) -> bool:
        """Tell whether one of them is alpha."""
        return "A" in self.value

    @property
    def is_gray(self) -> bool:
        """Tell whether colour is one luma channel."""
        return "Y" in self.value

    @property
    def color_positions(self) -> tuple[int, ...]:
        """Return where Y, or R, G and B, lie within the pixel."""
        return tuple(self.value.index(name) for name in ("Y" if self.is_gray else "RGB"))

    @property
    def alpha_position(self) -> int | None:
        """Return where alpha lies within the pixel."""
        return self.value.index("A") if self.has_alpha else None


class AlphaMode(str, Enum):
    """What the colour samples mean where alpha is below one."""

    STRAIGHT = "straight"
    PREMULTIPLIED = "premultiplied"


class RowOrder(str, Enum):
    """Which row comes first in memory. Coordinates always run down from the top, whatever the memory order."""

    TOP_DOWN = "top_down"
    BOTTOM_UP = "bottom_up"


@dataclass(frozen=True)
class PixelFormat:
    """The layout of a tightly packed pixel buffer."""

    dtype: SampleType
    channels: Channels
    alpha: AlphaMode = AlphaMode.STRAIGHT
    rows: RowOrder = RowOrder.TOP_DOWN

    @property
    def pixel_size(self) -> int:
        """Return the bytes of one pixel."""
        return self.dtype.size * self.channels.count

    def size(self, extent: Extent) -> int:
        """Return the bytes of an image of `extent`."""
        return extent.area * self.pixel_size


COVERAGE_U8 = PixelFormat(SampleType.U8, Channels.Y)


def with_opaque_alpha(data: bytes | bytearray | memoryview, channels: Channels) -> bytes:
    """Return 8 bit RGB pixels as `channels`, RGBA or BGRA, all of them opaque."""
    source = memoryview(data).cast("B")
    made = bytearray(b"\xff" * (len(source) // 3 * 4))
    for place, name in enumerate(channels.value[:3]):
        made[place::4] = source["RGB".index(name) :: 3]
    return bytes(made)


def pack_rows(data: bytes | bytearray | memoryview, row_bytes: int, stride: int, rows: int) -> bytes:
    """Return the rows of a strided buffer without the padding between them.

    Raises ValueError where the buffer is too short for `rows` rows of `stride` bytes (the last one may end early).
    """
    view = memoryview(data).cast("B")
    if stride < row_bytes or (rows and len(view) < stride * (rows - 1) + row_bytes):
        raise ValueError(f"{len(view)} bytes are too few for {rows} rows of {row_bytes} bytes, {stride} apart")
    if stride == row_bytes:
        return bytes(view[: row_bytes * rows])
    return b"".join(view[row * stride : row * stride + row_bytes] for row in range(rows))


def flip_rows(data: bytes | bytearray | memoryview, row_bytes: int) -> bytes:
    """Return the rows in the opposite order."""
    view = memoryview(data).cast("B")
    return b"".join(view[start : start + row_bytes] for start in range(len(view) - row_bytes, -1, -row_bytes))


def coverage_in_8_bits(data: bytes | bytearray | memoryview, dtype: SampleType) -> bytes:
    """Return coverage with samples of u8, u16 or f32 in eight bits: none and all stay none and all."""
    if dtype is SampleType.U8:
        return bytes(data)
    samples = array("H" if dtype is SampleType.U16 else "f", bytes(data))
    if sys.byteorder == "big":
        samples.byteswap()
    full = 65535 if dtype is SampleType.U16 else 1.0
    return bytes(min(255, max(0, round(255 * sample / full))) for sample in samples)
