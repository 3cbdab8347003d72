"""TIFF directories read and written without touching a value: what carries Exif from and to TIFF files.

An Exif block is itself a small TIFF, and what differs between the two are offsets and byte order alone; so fields are
moved as they are, also those that nobody knows. Layouts: TIFF 6.0, BigTIFF, Exif 2.32 (chapter 4.6).
"""

from __future__ import annotations

import struct
from collections.abc import Container
from dataclasses import dataclass
from typing import BinaryIO, Union

import numpy as np

EXIF, GPS, INTEROPERABILITY = 0x8769, 0x8825, 0xA005  # tags whose value is the offset of another directory
POINTERS = (EXIF, GPS, INTEROPERABILITY)
XMP, DATE_TIME, ORIENTATION = 0x02BC, 0x0132, 0x0112
X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 0x011A, 0x011B, 0x0128
IPTC, PHOTOSHOP, LAYERS, SUBDIRECTORIES, ICC = 0x83BB, 0x8649, 0x935C, 0x014A, 0x8773
UNIT_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 4, 6: 1, 7: 1, 8: 2, 9: 4, 10: 4, 11: 4, 12: 8}  # what byte order turns
UNITS = {5: 2, 10: 2}  # rationals have two
BYTE, SHORT, LONG, RATIONAL, UNDEFINED, LONG8 = 1, 3, 4, 5, 7, 16  # types of fields
MAX_FIELDS = 1000
MAX_FIELD_BYTES = 16 << 20
# How a directory's samples are encoded, and where they lie: all else in it describes the picture.
ENCODING = frozenset((
    0xFE, 0xFF, *range(0x100, 0x104), *range(0x106, 0x10B), 0x111, *range(0x115, 0x11A), 0x11C, *range(0x120, 0x126),
    0x13D, *range(0x140, 0x146), *range(0x14C, 0x14F), *range(0x150, 0x15C), 0x15F, *range(0x200, 0x20A),
    *range(0x211, 0x215), 0x22F, ICC,
))  # fmt: skip


@dataclass(frozen=True)
class TiffField:
    """A value as a directory holds it."""

    kind: int  # TIFF's field type, a key of UNIT_BYTES
    data: bytes  # little-endian


Directory = dict[int, Union[TiffField, "Directory"]]


@dataclass(frozen=True)
class Layout:
    """How a file writes numbers."""

    order: str  # of bytes: "<" or ">"
    big: bool = False  # BigTIFF, with offsets of 8 bytes

    @property
    def offset(self) -> str:
        """Return the struct code of an offset."""
        return self.order + ("Q" if self.big else "I")

    @property
    def number_of_fields(self) -> str:
        """Return the struct code of the number at the begin of a directory."""
        return self.order + ("Q" if self.big else "H")

    @property
    def entry(self) -> str:
        """Return the struct code of an entry: tag, type, count, value or its offset."""
        return self.order + ("HHQ8s" if self.big else "HHI4s")

    @property
    def header_pointer(self) -> int:
        """Return where the header says where the first directory is."""
        return 8 if self.big else 4


class _Damaged(Exception):  # noqa: N818 - never seen outside
    """What is read is not a directory."""


def open_layout(stream: BinaryIO) -> Layout | None:
    """Return the layout that the header tells; None where it is no TIFF."""
    stream.seek(0)
    head = stream.read(4)
    order = {b"II": "<", b"MM": ">"}.get(head[:2])
    version = head[2:4] if order == "<" else head[3:1:-1]
    if order is None or version not in (b"*\0", b"+\0"):
        return None
    return Layout(order, big=version == b"+\0")


def read_descriptive(stream: BinaryIO) -> tuple[Layout, Directory, bytes | None] | None:
    """Return how a TIFF file is laid out, what its first directory says about the picture, and its XMP packet.

    None where there is no sound directory; the decoder tells what is wrong with such a file.
    """
    layout = open_layout(stream)
    if layout is None:
        return None
    try:
        stream.seek(layout.header_pointer)
        first = _number(stream, layout.offset)
        fields = _read(stream, layout, first, ENCODING)
    except (_Damaged, OSError, OverflowError):
        return None
    packet = fields.pop(XMP, None)
    return layout, fields, packet.data if isinstance(packet, TiffField) else None


def exif_block(layout: Layout, fields: Directory) -> bytes | None:
    """Return the Exif block that says the same as a picture's directory; None where that says nothing."""
    if not fields:
        return None
    plain = Layout(layout.order)
    return (b"II*\0" if layout.order == "<" else b"MM\0*") + struct.pack(plain.offset, 8) + _bytes(fields, plain, 8)


def add_fields(stream: BinaryIO, fields: Directory, *, without: tuple[int, ...] = ()) -> None:
    """Put fields into the first directory of the sound TIFF in `stream`, in place of those with their tags.

    The directory moves to the end of the file; values that it had stay where they are.
    """
    layout = open_layout(stream)
    if layout is None:
        raise ValueError("the file to add to is no TIFF")
    stream.seek(layout.header_pointer)
    stream.seek(_number(stream, layout.offset))
    entries = {}
    for _ in range(_number(stream, layout.number_of_fields)):
        entry = stream.read(struct.calcsize(layout.entry))
        entries[struct.unpack_from(layout.order + "H", entry)[0]] = entry
    following = stream.read(struct.calcsize(layout.offset))
    kept = {tag: entry for tag, entry in entries.items() if tag not in fields and tag not in without}
    end = stream.seek(0, 2)
    start = end + end % 2
    stream.write(b"\0" * (end % 2) + _bytes(fields, layout, start, kept=kept, following=following))
    stream.seek(layout.header_pointer)
    stream.write(struct.pack(layout.offset, start))


def _read(stream: BinaryIO, layout: Layout, offset: int, without: Container[int] = ()) -> Directory:
    """Return the sound fields of the directory at `offset` but for those `without`, and those below it."""
    stream.seek(offset)
    number = _number(stream, layout.number_of_fields)
    if number > MAX_FIELDS:
        raise _Damaged
    size = struct.calcsize(layout.entry)
    table = stream.read(number * size)
    fields: Directory = {}
    for tag, kind, count, value in struct.iter_unpack(layout.entry, table[: len(table) // size * size]):
        if tag in without:
            continue
        found = _below(stream, layout, tag, value) if tag in POINTERS else _field(stream, layout, kind, count, value)
        if found:
            fields[tag] = found
    return fields


def _below(stream: BinaryIO, layout: Layout, tag: int, value: bytes) -> Directory | None:
    """Return the directory that a field points to. Only Exif's has one below, which ends a file that goes round."""
    try:
        fields = _read(stream, layout, struct.unpack(layout.offset, value)[0])
    except (_Damaged, OSError, OverflowError):
        return None
    return fields if tag == EXIF else {below: field for below, field in fields.items() if below not in POINTERS}


def _field(stream: BinaryIO, layout: Layout, kind: int, count: int, value: bytes) -> TiffField | None:
    size = UNIT_BYTES.get(kind, 0) * UNITS.get(kind, 1) * count
    if not 0 < size <= MAX_FIELD_BYTES:
        return None
    data = value[:size]
    if size > len(value):
        stream.seek(struct.unpack(layout.offset, value)[0])
        data = stream.read(size)
    return TiffField(kind, _turned(data, kind, layout)) if len(data) == size else None


def _number(stream: BinaryIO, code: str) -> int:
    data = stream.read(struct.calcsize(code))
    if len(data) != struct.calcsize(code):
        raise _Damaged
    return int(struct.unpack(code, data)[0])


def _turned(data: bytes, kind: int, layout: Layout) -> bytes:
    """Return little-endian data in the byte order of `layout`, or the other way."""
    unit = UNIT_BYTES[kind]
    return data if layout.order == "<" or unit == 1 else np.frombuffer(data, f"<u{unit}").byteswap().tobytes()


def _bytes(
    fields: Directory, layout: Layout, start: int, *, kept: dict[int, bytes] | None = None, following: bytes = b""
) -> bytes:
    """Return a directory that will lie at `start`, with all that it needs behind it; `kept` are entries as they are."""
    entries = dict(kept or {})
    following = following or struct.pack(layout.offset, 0)
    number = struct.pack(layout.number_of_fields, len(entries) + len(fields))
    behind = start + len(number) + (len(entries) + len(fields)) * struct.calcsize(layout.entry) + len(following)
    values = bytearray()
    for tag in sorted(fields):
        field = fields[tag]
        if isinstance(field, TiffField):
            kind, data = field.kind, _turned(field.data, field.kind, layout)
            count = len(data) // (UNIT_BYTES[kind] * UNITS.get(kind, 1))
        else:
            kind, count = (LONG8 if layout.big else LONG), 1
            data = _bytes(field, layout, behind + len(values))
        if isinstance(field, TiffField) and len(data) <= len(following):
            value = data.ljust(len(following), b"\0")
        else:
            value = struct.pack(layout.offset, behind + len(values))
            values += data + b"\0" * (len(data) % 2)
        entries[tag] = struct.pack(layout.entry, tag, kind, count, value)
    return number + b"".join(entries[tag] for tag in sorted(entries)) + following + bytes(values)
