"""What the containers PNG, JPEG, WebP and TIFF say about themselves, read without decoding a pixel.

The decoders would tell some of this too late or not at all: that a file was cut off, that it is an animation, that
its colours were a palette; and they keep only the Exif tags that they know, where the raw block keeps all.
Chunk layouts: PNG (ISO/IEC 15948), JPEG (ITU-T T.81), WebP (RFC 9649).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from foveate_server.picture_files import tiff
from foveate_shared import png
from foveate_shared.errors import ErrorCode, InputError

EXIF_PREFIX = b"Exif\0\0"  # in JPEG's APP1
XMP_PREFIX = b"http://ns.adobe.com/xap/1.0/\0"  # in JPEG's APP1
XMP_KEY = b"XML:com.adobe.xmp\0"  # in PNG's iTXt
MAX_METADATA_BYTES = 16 << 20  # of one block; larger ones are not carried over
MAX_SEGMENT_BYTES = 65_533  # of JPEG's APP1, prefix included
STANDALONE_MARKERS = {0x01, *range(0xD0, 0xD8)}
JPEG_START_OF_SCAN, JPEG_END = 0xDA, 0xD9

SUFFIXES = {
    ".png": "png",
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
    ".webp": "webp",
    ".tif": "tiff",
    ".tiff": "tiff",
    ".exr": "openexr",
}
TITLES = {"png": "PNG", "jpeg": "JPEG", "webp": "WebP", "tiff": "TIFF", "openexr": "OpenEXR"}


@dataclass(frozen=True)
class ContainerFacts:
    """What a container says about itself."""

    kind: str  # a key of TITLES
    exif: bytes | None = None  # the raw TIFF-structured block, without JPEG's prefix
    xmp: bytes | None = None  # the raw packet
    animated: bool = False
    palette: bool = False
    one_bit: bool = False


def sniff(head: bytes) -> str | None:
    """Return the container that a file's first 16 bytes announce, a key of TITLES; None for anything else."""
    if head.startswith(png.SIGNATURE):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return "tiff"
    return "openexr" if head[:4] == b"\x76\x2f\x31\x01" else None


def inspect(stream: BinaryIO, kind: str, name: str) -> ContainerFacts:
    """Return the facts of the file called `name` in `stream`. Raises InputError where it is cut off or broken."""
    stream.seek(0)
    try:
        if kind == "png":
            return _inspect_png(stream)
        if kind == "jpeg":
            return _inspect_jpeg(stream)
        if kind == "webp":
            return _inspect_webp(stream)
        if kind == "tiff":
            return _inspect_tiff(stream)
    except (struct.error, EOFError):
        raise truncated(name) from None
    return ContainerFacts(kind)


def truncated(name: str) -> InputError:
    """Return the error for a file that ends too early."""
    return InputError(
        f"{name} is cut off or damaged.",
        code=ErrorCode.INVALID_FILE,
        remedy="Copy or export it again.",
    )


def png_chunks(stream: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, offset of the content and its length for each chunk up to IEND; stops early at a broken one."""
    position = len(png.SIGNATURE)
    while True:
        stream.seek(position)
        length, name = struct.unpack(">I4s", stream.read(8))
        yield name, position + 8, length
        if name == b"IEND":
            return
        position += 12 + length


def _inspect_png(stream: BinaryIO) -> ContainerFacts:
    exif = xmp = None
    names = set()
    depth = color_type = 0
    for name, offset, length in png_chunks(stream):
        names.add(name)
        stream.seek(offset)
        if name == b"IHDR":
            depth, color_type = struct.unpack("8xBB", stream.read(10))
        elif name == b"eXIf" and length <= MAX_METADATA_BYTES:
            exif = stream.read(length)
        elif name == b"iTXt" and length <= MAX_METADATA_BYTES:
            xmp = _packet_in(stream.read(length)) or xmp
    palette = color_type == 3
    one_bit = depth == 1 and not palette
    return ContainerFacts("png", exif, xmp, animated=b"acTL" in names, palette=palette, one_bit=one_bit)


def _packet_in(text: bytes) -> bytes | None:
    """Return the XMP packet in the content of an iTXt chunk; None where it holds another text, or is damaged."""
    if not text.startswith(XMP_KEY):
        return None
    compressed, method = struct.unpack_from("BB", text, len(XMP_KEY))
    parts = text[len(XMP_KEY) + 2 :].split(b"\0", 2)  # language, translated keyword, text
    if len(parts) < 3 or method:
        return None
    if not compressed:
        return parts[2]
    inflater = zlib.decompressobj()
    try:
        packet = inflater.decompress(parts[2], MAX_METADATA_BYTES)
    except zlib.error:
        return None
    return packet if inflater.eof else None


def _inspect_jpeg(stream: BinaryIO) -> ContainerFacts:
    exif = xmp = None
    stream.seek(2)
    while True:
        start, marker = struct.unpack("BB", stream.read(2))
        if start != 0xFF:
            raise EOFError
        if marker == 0xFF:  # fill byte
            stream.seek(-1, 1)
            continue
        if marker in STANDALONE_MARKERS:
            continue
        (length,) = struct.unpack(">H", stream.read(2))
        if marker == JPEG_START_OF_SCAN:
            break
        content = stream.read(length - 2) if length >= 2 else b""
        if len(content) != length - 2:
            raise EOFError
        if marker == 0xE1 and content.startswith(EXIF_PREFIX) and exif is None:
            exif = content[len(EXIF_PREFIX) :]
        elif marker == 0xE1 and content.startswith(XMP_PREFIX) and xmp is None:
            xmp = content[len(XMP_PREFIX) :]
    _require_jpeg_end(stream)
    return ContainerFacts("jpeg", exif, xmp)


def _require_jpeg_end(stream: BinaryIO) -> None:
    """Raise EOFError unless an end-of-image marker follows; cameras put more (such as small previews) behind it."""
    tail = b""
    while block := stream.read(1 << 20):
        if bytes((0xFF, JPEG_END)) in tail + block:
            return
        tail = block[-1:]
    raise EOFError


def _inspect_webp(stream: BinaryIO) -> ContainerFacts:
    end = struct.unpack("<4xI", stream.read(8))[0] + 8
    if stream.seek(0, 2) < end:
        raise EOFError
    exif = xmp = None
    animated = False
    position = 12
    while position + 8 <= end:
        stream.seek(position)
        name, length = struct.unpack("<4sI", stream.read(8))
        if name == b"EXIF" and length <= MAX_METADATA_BYTES:
            exif = stream.read(length).removeprefix(EXIF_PREFIX)
        elif name == b"XMP " and length <= MAX_METADATA_BYTES:
            xmp = stream.read(length)
        animated = animated or name in (b"ANIM", b"ANMF")
        position += 8 + length + length % 2
    return ContainerFacts("webp", exif, xmp, animated=animated)


def _inspect_tiff(stream: BinaryIO) -> ContainerFacts:
    found = tiff.read_descriptive(stream)
    if found is None:  # the decoder tells what is wrong
        return ContainerFacts("tiff")
    layout, fields, xmp = found
    return ContainerFacts("tiff", tiff.exif_block(layout, fields), xmp)
