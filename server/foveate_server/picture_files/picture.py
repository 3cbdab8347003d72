"""A picture in memory: its samples exactly as the file holds them, and what has to go back into a file with them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from foveate_server.picture_files.container_facts import NOTHING, Carried
from foveate_shared.geometry import Extent
from foveate_shared.pixels import AlphaMode, Channels, PixelFormat, SampleType

DTYPES: dict[SampleType, type[np.generic]] = {
    SampleType.U8: np.uint8,
    SampleType.U16: np.uint16,
    SampleType.F16: np.float16,
    SampleType.F32: np.float32,
}
SAMPLE_TYPES = {np.dtype(dtype): sample_type for sample_type, dtype in DTYPES.items()}


@dataclass(frozen=True)
class Picture:
    """A picture, upright, at its own depth."""

    samples: NDArray[Any]  # (height, width, channels): uint8, uint16, float16 or float32
    channels: Channels  # Y, YA, RGB or RGBA
    alpha: AlphaMode = AlphaMode.STRAIGHT
    icc: bytes | None = None  # an ICC profile that fits the channels; where None, `space` says what samples mean
    space: str = "srgb"  # one of the protocol's named spaces
    exif: bytes | None = None  # the raw block of the source; made true of the result when it is written
    xmp: bytes | None = None  # the raw packet of the source, likewise
    carried: Carried = NOTHING  # what else the source says, as its containers hold it
    metadata: Any = None  # OpenImageIO.ImageSpec of the source: how it was encoded, and what OpenEXR says
    kind: str = "png"  # the container that it came from
    source: Path | None = None
    sha256: str = ""  # of the whole source file
    notes: tuple[str, ...] = ()  # sentences about what reading had to change

    @property
    def extent(self) -> Extent:
        """Return its size in pixels."""
        return Extent(self.samples.shape[1], self.samples.shape[0])

    @property
    def format(self) -> PixelFormat:
        """Return the layout of :attr:`samples` on the wire."""
        return PixelFormat(SAMPLE_TYPES[self.samples.dtype], self.channels, self.alpha)


def little_endian(samples: NDArray[Any]) -> NDArray[Any]:
    """Return contiguous samples in the byte order of the wire."""
    return np.ascontiguousarray(samples, dtype=samples.dtype.newbyteorder("<"))


def from_wire(data: bytes | bytearray | memoryview, layout: PixelFormat, extent: Extent) -> NDArray[Any]:
    """Return (height, width, channels) samples, a view of `data` where the machine is little-endian."""
    dtype = np.dtype(DTYPES[layout.dtype]).newbyteorder("<")
    return np.frombuffer(data, dtype).reshape(extent.height, extent.width, layout.channels.count)
