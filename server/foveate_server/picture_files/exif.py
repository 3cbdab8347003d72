"""What Exif says about a picture: orientation is applied to the pixels, and the block that is kept is made true again.

Tags and numbers are those of Exif 2.32; orientation 1 is upright.
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from foveate_server.picture_files import tiff
from foveate_shared.geometry import Extent

ORIENTATION = 0x0112
WIDTH, HEIGHT = 0x0100, 0x0101  # of a TIFF; some cameras write them into their block, too
PIXEL_X, PIXEL_Y = 0xA002, 0xA003
THUMBNAIL, THUMBNAIL_BYTES = 0x0201, 0x0202  # where a JPEG file lies in the block
SHORT, LONG = 3, 4
NUMBERS = {SHORT: "H", LONG: "I"}  # TIFF's types of fields that a single number can have, as struct codes

Samples = NDArray[Any]


def upright(samples: Samples, orientation: int) -> Samples:
    """Return (height, width, channels) samples turned so that orientation 1 is true of them; a view where possible."""
    if orientation in (2, 3):
        samples = samples[:, ::-1]
    if orientation in (3, 4):
        samples = samples[::-1]
    if orientation in (5, 6, 7, 8):
        samples = samples.swapaxes(0, 1)
    if orientation in (6, 7):
        samples = samples[:, ::-1]
    if orientation in (7, 8):
        samples = samples[::-1]
    return np.ascontiguousarray(samples)


def orientation_in(block: bytes) -> int | None:
    """Return the orientation that a block tells; None where it tells none."""
    with contextlib.suppress(struct.error):
        view = _Block(bytearray(block))
        for tag, at in view.fields(view.first()):
            if tag == ORIENTATION:
                return view.number(at)
    return None


def has_thumbnail(block: bytes) -> bool:
    """Tell whether a block holds a small picture of the one before."""
    with contextlib.suppress(struct.error):
        view = _Block(bytearray(block))
        return view.offset(view.end_of(view.first())) != 0
    return False


def describing(block: bytes, extent: Extent) -> bytes | None:
    """Return the block as it is true of an upright picture of `extent`; None where it is too damaged to be kept.

    Values are changed in place, so that maker notes, whose offsets only their makers know, stay whole. The thumbnail
    shows the picture before, and goes.
    """
    view = _Block(bytearray(block))
    try:
        first = view.first()
        for tag, at in view.fields(first):
            if tag == ORIENTATION:
                view.set_number(at, 1)
            elif tag in (WIDTH, HEIGHT):
                view.set_number(at, extent.width if tag == WIDTH else extent.height)
            elif tag == tiff.EXIF:
                _set_size(view, view.offset(at + 8), extent)
        _drop_thumbnail(view, first)
    except struct.error:
        return None
    return bytes(view.data)


def _set_size(view: _Block, directory: int, extent: Extent) -> None:
    for tag, at in view.fields(directory):
        if tag in (PIXEL_X, PIXEL_Y):
            view.set_number(at, extent.width if tag == PIXEL_X else extent.height)


def _drop_thumbnail(view: _Block, first: int) -> None:
    """Unlink the second directory, and overwrite the JPEG file that it names."""
    link = view.end_of(first)
    directory = view.offset(link)
    if not directory:
        return
    values = {tag: view.offset(at + 8) for tag, at in view.fields(directory)}
    begin, length = values.get(THUMBNAIL, 0), values.get(THUMBNAIL_BYTES, 0)
    if begin + length <= len(view.data):
        view.data[begin : begin + length] = bytes(length)
    struct.pack_into(view.order + "I", view.data, link, 0)


class _Block:
    """The directories of an Exif block. Whatever lies outside raises struct.error."""

    def __init__(self, data: bytearray) -> None:
        self.data = data
        self.order = {b"II": "<", b"MM": ">"}.get(bytes(data[:2]), "")

    def first(self) -> int:
        """Return where the first directory is."""
        if not self.order:
            raise struct.error("not a TIFF structure")
        return self.offset(4)

    def offset(self, at: int) -> int:
        """Return the offset that lies at `at`."""
        return int(struct.unpack_from(self.order + "I", self.data, at)[0])

    def end_of(self, directory: int) -> int:
        """Return where the link to the next directory lies."""
        return directory + 2 + 12 * int(struct.unpack_from(self.order + "H", self.data, directory)[0])

    def fields(self, directory: int) -> Iterator[tuple[int, int]]:
        """Yield tag and position of each field."""
        for at in range(directory + 2, self.end_of(directory), 12):
            yield int(struct.unpack_from(self.order + "H", self.data, at)[0]), at

    def number(self, at: int) -> int | None:
        """Return the number in the field at `at`; None where it holds something else."""
        code = NUMBERS.get(struct.unpack_from(self.order + "H", self.data, at + 2)[0])
        return int(struct.unpack_from(self.order + code, self.data, at + 8)[0]) if code else None

    def set_number(self, at: int, value: int) -> None:
        """Set the one number in the field at `at`, in the smaller type that holds it; both lie within the field."""
        if self.number(at) is not None:
            kind = SHORT if value < 1 << 16 else LONG
            struct.pack_into(self.order + "HI4x", self.data, at + 2, kind, 1)
            struct.pack_into(self.order + NUMBERS[kind], self.data, at + 8, value)
