"""JPEG's segments (ITU-T T.81): what they say about the picture, and how that goes back behind an encoder's own.

Which of the segments for applications are known: Exif, XMP (parts 1 and 3), ICC.1, JFIF, Photoshop's, and those of
phones' pictures that hold more than one (CIPA DC-007, ISO 21496-1).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from foveate_server.picture_files import photoshop_resources, xmp
from foveate_server.picture_files.container_facts import Carried, ContainerFacts, Resolution

EXIF_PREFIX = b"Exif\0\0"
XMP_PREFIX = b"http://ns.adobe.com/xap/1.0/\0"
EXTENDED_XMP_PREFIX = b"http://ns.adobe.com/xmp/extension/\0"
ICC_PREFIX = b"ICC_PROFILE\0"
PHOTOSHOP_PREFIX = b"Photoshop 3.0\0"
MPF_PREFIX = b"MPF\0"
GAIN_MAP_PREFIX = b"urn:iso:std:iso:ts:21496:-1\0"
MAX_SEGMENT_BYTES = 65_533  # prefix included
STANDALONE = {0x01, *range(0xD0, 0xD8)}
START_OF_SCAN, END, COMMENT = 0xDA, 0xD9, 0xFE
APP0, APP1, APP2, APP11, APP13, APP14 = 0xE0, 0xE1, 0xE2, 0xEB, 0xED, 0xEE
APPLICATIONS = range(0xE0, 0xF0)
BETWEEN_SCANS = {0xC4, 0xDB, 0xDC, 0xDD, START_OF_SCAN, COMMENT, *APPLICATIONS}
MARKER = re.compile(rb"\xff+([^\x00\xff])")
JFIF_UNITS = ("", "inch", "cm")
NOT_KEPT = (  # and what each is called in a sentence; what is no loss is called nothing
    (APP14, b"Adobe", ""),
    (APP1, EXTENDED_XMP_PREFIX, "the continuation of the XMP packet"),
    (APP2, MPF_PREFIX, xmp.FURTHER),
    (APP2, GAIN_MAP_PREFIX, xmp.GAIN_MAP),
    (APP0, b"JFXX\0", xmp.THUMBNAIL),
    (APP11, b"JP", "the content credentials"),
)


def inspect(stream: BinaryIO) -> ContainerFacts:
    """Return the facts of a JPEG. Raises EOFError or struct.error where it is cut off or broken."""
    exif = packet = None
    carried, photoshop = Carried(), b""
    outdated = []
    profile_parts = []  # the number of each, and how many there are
    for marker, content in _segments(stream):
        if marker == APP1 and content.startswith(EXIF_PREFIX) and exif is None:
            exif = content[len(EXIF_PREFIX) :]
        elif marker == APP1 and content.startswith(XMP_PREFIX) and packet is None:
            packet = content[len(XMP_PREFIX) :]
        elif marker == APP13 and content.startswith(PHOTOSHOP_PREFIX):
            photoshop += content[len(PHOTOSHOP_PREFIX) :]
        elif marker == COMMENT:
            carried = replace(carried, comments=(*carried.comments, content))
        elif marker == APP0 and content.startswith(b"JFIF\0"):
            carried = replace(carried, resolution=_density(content))
        elif marker == APP2 and content.startswith(ICC_PREFIX):
            profile_parts.append(tuple(content[len(ICC_PREFIX) :][:2]))
        elif marker in APPLICATIONS:
            outdated.append(_title(marker, content))
    if sorted(profile_parts) != [(number, len(profile_parts)) for number in range(1, len(profile_parts) + 1)]:
        outdated.append("a damaged colour profile")
    behind = _behind_end(stream)
    iptc, others, gone = photoshop_resources.split(photoshop)
    names = dict.fromkeys(name for name in (*outdated, *gone, behind) if name)
    return ContainerFacts("jpeg", exif, packet, replace(carried, iptc=iptc, photoshop=others, outdated=tuple(names)))


def _segments(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield marker and content of each segment before the first scan."""
    stream.seek(2)
    while True:
        start, marker = struct.unpack("BB", stream.read(2))
        if start != 0xFF:
            raise EOFError
        if marker == 0xFF:  # fill byte
            stream.seek(-1, 1)
            continue
        if marker in STANDALONE:
            continue
        (length,) = struct.unpack(">H", stream.read(2))
        content = stream.read(length - 2) if length >= 2 else b""
        if len(content) != length - 2:
            raise EOFError
        if marker == START_OF_SCAN:
            return
        yield marker, content


def _density(content: bytes) -> Resolution | None:
    if len(content) < 12:
        return None
    unit, x, y = struct.unpack_from(">BHH", content, 7)
    if unit >= len(JFIF_UNITS) or not (x and y) or (not unit and x == y):
        return None
    return Resolution(x, y, JFIF_UNITS[unit])


def _title(marker: int, content: bytes) -> str:
    for known, prefix, title in NOT_KEPT:
        if marker == known and content.startswith(prefix):
            return title
    return f"the segment APP{marker - APP0}"


def _behind_end(stream: BinaryIO) -> str:
    """Return what lies behind the end of the image; "" for nothing but zeros. Raises EOFError where there is no end."""
    data = stream.read()
    position = 0
    while found := MARKER.search(data, position):
        marker, position = found[1][0], found.end()
        if marker == END:
            return _name_of(data[position:])
        if marker in BETWEEN_SCANS:
            position += int.from_bytes(data[position : position + 2], "big")
    raise EOFError


def _name_of(trailer: bytes) -> str:
    trailer = trailer.lstrip(b"\0")
    if b"ftyp" in trailer[:4096]:
        return xmp.VIDEO
    if trailer.startswith(b"\xff\xd8\xff"):
        return xmp.FURTHER
    return "the data behind the picture" if trailer else ""


def finish(path: Path, exif: bytes | None, packet: bytes | None, icc: bytes | None, carried: Carried) -> None:
    """Put all that is told about the JPEG at `path` into it; what its encoder wrote of that kind goes."""
    data = path.read_bytes()
    told = [(APP0, _jfif(carried.resolution))]
    told += [(APP1, EXIF_PREFIX + exif)] if exif else []
    told += [(APP1, XMP_PREFIX + packet)] if packet else []
    told += [(APP2, part) for part in _icc_parts(icc)] if icc else []
    resources = photoshop_resources.join(carried.iptc, carried.photoshop)
    told += [(APP13, PHOTOSHOP_PREFIX + part) for part in _parts(resources, MAX_SEGMENT_BYTES - len(PHOTOSHOP_PREFIX))]
    told += [(COMMENT, comment) for comment in carried.comments]
    parts = [data[:2], *(struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content for marker, content in told)]
    position = 2
    while data[position + 1] != START_OF_SCAN:
        marker = data[position + 1]
        end = position + 2 + int.from_bytes(data[position + 2 : position + 4], "big")
        if marker == APP14 or marker not in (*APPLICATIONS, COMMENT):
            parts.append(data[position:end])
        position = end
    path.write_bytes(b"".join([*parts, data[position:]]))


def _jfif(resolution: Resolution | None) -> bytes:
    """Return the segment that says how a JPEG's colours are to be read, and its resolution in whole numbers."""
    resolution = resolution or Resolution(1, 1)
    if resolution.unit == "meter":
        inch = resolution.per("inch")
        whole = max(abs(side - round(side)) for side in (inch.x, inch.y)) < 0.01
        resolution = inch if whole else resolution.per("cm")
    density = (min(max(round(side), 1), 0xFFFF) for side in (resolution.x, resolution.y))
    return struct.pack(">5s2BB2H2B", b"JFIF\0", 1, 1, JFIF_UNITS.index(resolution.unit), *density, 0, 0)


def _icc_parts(icc: bytes) -> list[bytes]:
    parts = _parts(icc, MAX_SEGMENT_BYTES - len(ICC_PREFIX) - 2)
    return [ICC_PREFIX + bytes((number, len(parts))) + part for number, part in enumerate(parts, 1)]


def _parts(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]
