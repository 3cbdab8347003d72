"""Photoshop's image resources, which hold IPTC's records in JPEG and TIFF among much else.

Layout: Adobe Photoshop File Formats Specification, "Image Resource Blocks". What is behind damage is not kept.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from foveate_server.picture_files import xmp

SIGNATURES = (b"8BIM", b"PHUT", b"AgHg", b"DCSR", b"MeSa")
IPTC = 0x0404
THUMBNAILS = (0x0409, 0x040C)
COPIES = (0x0422, 0x0423, 0x0424)  # of Exif and XMP, which nobody makes true again
JPEG_QUALITY = 0x0406  # how the file before was encoded


@dataclass(frozen=True)
class Resource:
    """One of them, as it was read."""

    signature: bytes
    number: int
    name: bytes  # without its length
    data: bytes


def split(data: bytes) -> tuple[bytes | None, bytes, tuple[str, ...]]:
    """Return IPTC's records, the other resources that stay true, and the names of those that do not."""
    resources = list(_read(data))
    iptc = next((each.data for each in resources if each.number == IPTC), None)
    outdated = [xmp.THUMBNAIL] * any(each.number in THUMBNAILS for each in resources)
    outdated += ["Photoshop's copies of Exif or XMP"] * any(each.number in COPIES for each in resources)
    gone = {IPTC, JPEG_QUALITY, *THUMBNAILS, *COPIES}
    return iptc, _written(each for each in resources if each.number not in gone), tuple(outdated)


def join(iptc: bytes | None, others: bytes) -> bytes:
    """Return resources with IPTC's records first."""
    return (_written([Resource(b"8BIM", IPTC, b"", iptc)]) if iptc else b"") + others


def _read(data: bytes) -> Iterator[Resource]:
    position = 0
    while position + 12 <= len(data) and data[position : position + 4] in SIGNATURES:
        signature, number, length = struct.unpack_from(">4sHB", data, position)
        name = data[position + 7 : position + 7 + length]
        position += 7 + length + (length + 1) % 2
        if position + 4 > len(data):
            return
        (size,) = struct.unpack_from(">I", data, position)
        content = data[position + 4 : position + 4 + size]
        if len(content) < size:
            return
        yield Resource(signature, number, name, content)
        position += 4 + size + size % 2


def _written(resources: Iterable[Resource]) -> bytes:
    return b"".join(
        struct.pack(">4sHB", each.signature, each.number, len(each.name))
        + each.name
        + b"\0" * ((len(each.name) + 1) % 2)
        + struct.pack(">I", len(each.data))
        + each.data
        + b"\0" * (len(each.data) % 2)
        for each in resources
    )
