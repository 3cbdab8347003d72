"""What the containers PNG, JPEG, WebP and TIFF say about themselves, read without decoding a pixel.

The decoders would tell some of this too late or not at all: that a file was cut off, that it is an animation, that
its colours were a palette; and they keep only what they know of all that a file says, where the raw blocks keep it.
"""

from __future__ import annotations

import struct
from typing import BinaryIO

from foveate_server.picture_files import jpeg_segments, png_chunks, tiff_fields, webp_chunks
from foveate_server.picture_files.container_facts import ContainerFacts
from foveate_shared import png
from foveate_shared.errors import ErrorCode, InputError

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
            return png_chunks.inspect(stream)
        if kind == "jpeg":
            return jpeg_segments.inspect(stream)
        if kind == "webp":
            return webp_chunks.inspect(stream)
        if kind == "tiff":
            return tiff_fields.inspect(stream)
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
