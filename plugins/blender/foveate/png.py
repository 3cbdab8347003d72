"""Samples of 8 bits as a PNG file (ISO/IEC 15948): many times as fast as Blender's own packing. Without Blender.

Compressing a photo, and reading it again, takes longer than all else of a large result together, and saves little:
so only pictures that shrink a lot are compressed.
"""

from __future__ import annotations

import os
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from .sample_arrays import Samples

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_RGBA = 6
_NONE, _SUB = 0, 1  # filters: the samples themselves; each less that of the pixel to its left
_LARGEST_BLOCK = 0xFFFF  # bytes that are stored as they are (RFC 1951, 3.2.4)
_WORTHWHILE = 0.2  # of the size: what does not shrink to that is stored as it is
_TRIED_ROWS = 16  # rows of the picture that tell how far it shrinks
_ZLIB_HEADER = b"\x78\x01"
_BLOCK = struct.Struct("<BHH")  # the header of stored bytes: whether it is the last, their number, its complement
_SMALLEST_BAND = 1 << 18  # bytes: less is not worth a thread


def encode(samples: Samples) -> bytes:
    """Return a file with samples of (height, width, 4), uint8, bottom row first."""
    height, width, _ = samples.shape
    header = struct.pack(">IIBBBBB", width, height, 8, _RGBA, 0, 0, 0)
    shrinks = _shrinks(samples)
    rows = _filtered(samples[::-1], _SUB if shrinks else _NONE)
    data = (_ZLIB_HEADER, *(_deflated if shrinks else _stored)(rows), struct.pack(">I", zlib.adler32(rows.data)))
    return b"".join((_SIGNATURE, *_chunk(b"IHDR", header), *_chunk(b"IDAT", *data), *_chunk(b"IEND")))


def _shrinks(samples: Samples) -> bool:
    """Tell whether it is worth the time to compress a picture, by some of its rows."""
    rows = _filtered(samples[:: max(1, samples.shape[0] // _TRIED_ROWS)], _SUB)
    return len(_deflated_part(rows, is_last=True)) < _WORTHWHILE * rows.nbytes


def _filtered(samples: Samples, kind: int) -> Samples:
    """Return the rows, in their order, each after the number of its filter."""
    height, width, channels = samples.shape
    flat = samples.reshape(height, width * channels)
    rows = np.empty((height, 1 + width * channels), np.uint8)
    rows[:, 0] = kind
    if kind == _NONE:
        rows[:, 1:] = flat
    else:
        rows[:, 1 : 1 + channels] = flat[:, :channels]
        np.subtract(flat[:, channels:], flat[:, :-channels], out=rows[:, 1 + channels :])
    return rows


def _stored(rows: Samples) -> tuple[memoryview, memoryview]:
    """Return a deflate stream that holds the rows as they are: in blocks of one size, and what is left."""
    flat = rows.reshape(-1)
    count = (flat.size - 1) // _LARGEST_BLOCK
    blocks = np.empty((count, _BLOCK.size + _LARGEST_BLOCK), np.uint8)
    blocks[:, : _BLOCK.size] = np.frombuffer(_block_header(_LARGEST_BLOCK), np.uint8)
    blocks[:, _BLOCK.size :] = flat[: count * _LARGEST_BLOCK].reshape(count, _LARGEST_BLOCK)
    rest = flat[count * _LARGEST_BLOCK :].tobytes()
    return blocks.reshape(-1).data, memoryview(_block_header(len(rest), is_last=True) + rest)


def _block_header(size: int, *, is_last: bool = False) -> bytes:
    return _BLOCK.pack(is_last, size, size ^ 0xFFFF)


def _deflated(rows: Samples) -> list[bytes]:
    """Return a deflate stream whose parts were compressed side by side: zlib lets other threads run."""
    count = max(1, min(os.cpu_count() or 1, rows.nbytes // _SMALLEST_BAND, rows.shape[0]))
    bands = np.array_split(rows, count)
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(_deflated_part, bands, [*[False] * (count - 1), True]))


def _deflated_part(rows: Samples, is_last: bool) -> bytes:
    # Runs only: never slow, also where there is nothing but noise.
    stream = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS, 9, zlib.Z_RLE)
    return stream.compress(rows.data) + stream.flush(zlib.Z_FINISH if is_last else zlib.Z_FULL_FLUSH)


def _chunk(kind: bytes, *parts: bytes | memoryview) -> tuple[bytes | memoryview, ...]:
    """Return a chunk, in parts: they are large, and joined once."""
    check = zlib.crc32(kind)
    for part in parts:
        check = zlib.crc32(part, check)
    return (struct.pack(">I", sum(map(len, parts))), kind, *parts, struct.pack(">I", check))
