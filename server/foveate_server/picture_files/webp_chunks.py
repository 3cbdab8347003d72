"""WebP's chunks (RFC 9649): what they say about the picture."""

from __future__ import annotations

import struct
from typing import BinaryIO

from foveate_server.picture_files.container_facts import MAX_METADATA_BYTES, Carried, ContainerFacts
from foveate_server.picture_files.jpeg_segments import EXIF_PREFIX

PICTURE = (b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ICCP")  # what the decoder reads


def inspect(stream: BinaryIO) -> ContainerFacts:
    """Return the facts of a WebP. Raises EOFError or struct.error where it is cut off."""
    end = struct.unpack("<4xI", stream.read(8))[0] + 8
    length_of_file = stream.seek(0, 2)
    if length_of_file < end:
        raise EOFError
    exif = xmp = None
    animated = False
    outdated = []
    position = 12
    while position + 8 <= end:
        stream.seek(position)
        name, length = struct.unpack("<4sI", stream.read(8))
        if name == b"EXIF" and length <= MAX_METADATA_BYTES and exif is None:
            exif = stream.read(length).removeprefix(EXIF_PREFIX)
        elif name == b"XMP " and length <= MAX_METADATA_BYTES and xmp is None:
            xmp = stream.read(length)
        elif name not in PICTURE:
            outdated.append(f"the chunk {name.decode('ascii', 'replace').strip()}")
        animated = animated or name in (b"ANIM", b"ANMF")
        position += 8 + length + length % 2
    outdated += ["the data behind the picture"] * (length_of_file > end + 1)
    return ContainerFacts("webp", exif, xmp, Carried(outdated=tuple(dict.fromkeys(outdated))), animated=animated)
