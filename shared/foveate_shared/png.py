"""Samples of 8 bits as a PNG file (ISO/IEC 15948), written many times as fast as editors write theirs.

Compressing a photo, and reading it again, takes longer than all else of a large result together, and saves little:
so only pictures that shrink a lot are compressed, and rows are never filtered.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from .geometry import Extent
from .pixels import Channels, PixelFormat, RowOrder, SampleType

Part = bytes | memoryview
SIGNATURE = b"\x89PNG\r\n\x1a\n"
_TYPES = {Channels.Y: 0, Channels.YA: 4, Channels.RGB: 2, Channels.RGBA: 6}
_UNFILTERED = b"\0"  # before each row
_LARGEST_BLOCK = 0xFFFF  # bytes that are stored as they are (RFC 1951, 3.2.4)
_BLOCK = struct.Struct("<BHH")  # the header of stored bytes: whether it is the last, their number, its complement
_WORTHWHILE = 0.2  # of the size: what does not shrink to that is stored as it is
_TRIED_ROWS = 16  # rows of the picture that tell how far it shrinks
_ZLIB_HEADER = b"\x78\x01"
_SMALLEST_BAND = 1 << 18  # bytes: less is not worth a thread


def encode(data: bytes | bytearray | memoryview, extent: Extent, layout: PixelFormat) -> bytes:
    """Return a file with tightly packed samples. Raises ValueError for a layout that PNG does not have, or not here."""
    if layout.dtype is not SampleType.U8 or layout.channels not in _TYPES:
        raise ValueError(f"a PNG is not written from {layout.dtype.value} {layout.channels.value}")
    header = struct.pack(">IIBBBBB", extent.width, extent.height, 8, _TYPES[layout.channels], 0, 0, 0)
    rows = _rows(memoryview(data).cast("B"), extent.width * layout.pixel_size, layout.rows)
    parts = _deflated(rows) if _shrinks(rows) else _stored(rows)
    pixels = (_ZLIB_HEADER, *parts, struct.pack(">I", _checksum(rows)))
    return b"".join((SIGNATURE, *_chunk(b"IHDR", header), *_chunk(b"IDAT", *pixels), *_chunk(b"IEND")))


def chunk(name: bytes, content: bytes) -> bytes:
    """Return a chunk with its length and checksum."""
    return b"".join(_chunk(name, content))


def _chunk(name: bytes, *parts: Part) -> tuple[Part, ...]:
    """Return a chunk, in parts: they are large, and joined once."""
    check = zlib.crc32(name)
    for part in parts:
        check = zlib.crc32(part, check)
    return (struct.pack(">I", sum(map(len, parts))), name, *parts, struct.pack(">I", check))


def _rows(data: memoryview, stride: int, order: RowOrder) -> list[memoryview]:
    """Return the rows from top to bottom."""
    rows = [data[start : start + stride] for start in range(0, len(data), stride)]
    return rows if order is RowOrder.TOP_DOWN else rows[::-1]


def _checksum(rows: Sequence[memoryview]) -> int:
    check = 1
    for row in rows:
        check = zlib.adler32(row, zlib.adler32(_UNFILTERED, check))
    return check


def _shrinks(rows: Sequence[memoryview]) -> bool:
    """Tell whether it is worth the time to compress a picture, by some of its rows."""
    tried = rows[:: max(1, len(rows) // _TRIED_ROWS)]
    return len(_band(tried, is_last=True)) < _WORTHWHILE * sum(map(len, tried))


def _stored(rows: Sequence[memoryview]) -> Iterator[Part]:
    """Yield the parts of a deflate stream that holds the rows as they are."""
    for row in rows:
        yield _block_header(len(_UNFILTERED)) + _UNFILTERED
        for start in range(0, len(row), _LARGEST_BLOCK):
            block = row[start : start + _LARGEST_BLOCK]
            yield _block_header(len(block))
            yield block
    yield _block_header(0, is_last=True)


def _block_header(size: int, *, is_last: bool = False) -> bytes:
    return _BLOCK.pack(is_last, size, size ^ 0xFFFF)


def _deflated(rows: Sequence[memoryview]) -> list[bytes]:
    """Return a deflate stream whose parts were compressed side by side: zlib lets other threads run."""
    most = max(1, len(rows) * len(rows[0]) // _SMALLEST_BAND)
    height = -(-len(rows) // min(os.cpu_count() or 1, most))
    bands = [rows[start : start + height] for start in range(0, len(rows), height)]
    with ThreadPoolExecutor(len(bands)) as pool:
        return list(pool.map(_band, bands, [*[False] * (len(bands) - 1), True]))


def _band(rows: Sequence[memoryview], is_last: bool) -> bytes:
    """Return rows as a part of a deflate stream."""
    stream = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS, 9)
    parts = [stream.compress(part) for row in rows for part in (_UNFILTERED, row)]
    return b"".join((*parts, stream.flush(zlib.Z_FINISH if is_last else zlib.Z_FULL_FLUSH)))
