"""The texts of a PNG: three kinds of chunks, and blocks of other containers that older programs keep in such texts.

Layouts: PNG (ISO/IEC 15948), 11.3.3; `Raw profile type` is ImageMagick's: a name, a length and hexadecimal digits.
"""

from __future__ import annotations

import contextlib
import zlib

from foveate_server.picture_files.container_facts import MAX_METADATA_BYTES

TEXT, COMPRESSED, INTERNATIONAL = b"tEXt", b"zTXt", b"iTXt"
KINDS = (TEXT, COMPRESSED, INTERNATIONAL)
XMP_KEY = b"XML:com.adobe.xmp"
RAW_PROFILE = b"Raw profile type "

Chunk = tuple[bytes, bytes]  # name and content


def key_of(content: bytes) -> bytes:
    """Return the key of a text, whatever its kind."""
    return content.split(b"\0", 1)[0]


def text_of(chunk: Chunk) -> bytes | None:
    """Return the text itself, UTF-8 or Latin-1 as its kind says; None for one that is damaged or too large."""
    name, content = chunk
    rest = content.partition(b"\0")[2]
    if name == TEXT:
        return rest
    if name == COMPRESSED:
        return _inflated(rest[1:]) if rest[:1] == b"\0" else None
    parts = rest[2:].split(b"\0", 2)  # language, translated keyword, text
    if len(parts) < 3 or rest[1] != 0:
        return None
    return _inflated(parts[2]) if rest[0] else parts[2]


def readable(chunk: Chunk) -> str:
    """Return the text as such; "" for one that is damaged."""
    return (text_of(chunk) or b"").decode("utf-8" if chunk[0] == INTERNATIONAL else "latin-1", "replace")


def made(key: bytes, text: str) -> Chunk:
    """Return the chunk of a text: Latin-1 where that holds it, which every tool reads, else UTF-8."""
    try:
        return TEXT, key + b"\0" + text.encode("latin-1")
    except UnicodeEncodeError:
        return INTERNATIONAL, key + b"\0\0\0\0\0" + text.encode("utf-8")


def raw_profile(chunk: Chunk) -> bytes | None:
    """Return the block that a text holds in hexadecimal digits; None where it holds no such."""
    if not key_of(chunk[1]).startswith(RAW_PROFILE):
        return None
    words = (text_of(chunk) or b"").split(None, 2)  # name, length, digits
    with contextlib.suppress(ValueError, IndexError):
        block = bytes.fromhex(words[2].decode("ascii"))
        return block if len(block) == int(words[1]) else None
    return None


def as_raw_profile(name: bytes, block: bytes) -> Chunk:
    """Return the text that holds a block in hexadecimal digits, 36 bytes a line."""
    digits = b"\n".join(block[start : start + 36].hex().encode() for start in range(0, len(block), 36))
    text = b"\n%s\n%8d\n%s\n" % (name, len(block), digits)
    return COMPRESSED, RAW_PROFILE + name + b"\0\0" + zlib.compress(text)


def _inflated(data: bytes) -> bytes | None:
    inflater = zlib.decompressobj()
    try:
        text = inflater.decompress(data, MAX_METADATA_BYTES)
    except zlib.error:
        return None
    return text if inflater.eof else None
