"""Small pictures whose files say much about them, byte by byte as other programs write it."""

import io
import struct

import numpy as np
from PIL import Image, ImageCms

from foveate_shared import png

PIXELS = np.arange(6 * 8 * 3, dtype=np.uint8).reshape(6, 8, 3)
IPTC = b"".join(
    struct.pack(">BBBH", 0x1C, 2, number, len(text)) + text
    for number, text in ((5, b"A title"), (25, b"one"), (25, b"two"), (80, b"Somebody"), (120, b"A caption"))
)


def segment(marker, content):
    """Return a segment of a JPEG."""
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def jpeg(*segments, behind=b"", image=None, **options):
    """Return a JPEG with segments right behind its start, and what follows its end."""
    file = io.BytesIO()
    (image or Image.fromarray(PIXELS)).save(file, "JPEG", quality=95, **options)
    data = file.getvalue()
    return data[:2] + b"".join(segments) + data[2:] + behind


def png_file(*chunks, image=None, behind=b"", **options):
    """Return a PNG with chunks before its pixels, without any that Pillow adds."""
    file = io.BytesIO()
    (image or Image.fromarray(PIXELS)).save(file, "PNG", **options)
    data = file.getvalue()
    header = len(png.SIGNATURE) + 25
    return data[:header] + b"".join(png.chunk(*chunk) for chunk in chunks) + data[header:] + behind


def resource(number, data, name=b""):
    """Return one of Photoshop's resources."""
    head = b"8BIM" + struct.pack(">HB", number, len(name)) + name + b"\0" * ((len(name) + 1) % 2)
    return head + struct.pack(">I", len(data)) + data + b"\0" * (len(data) % 2)


def chunks_in(data):
    """Return the names and contents of a PNG's chunks but for the pixels."""
    found, position = [], len(png.SIGNATURE)
    while position < len(data):
        length, name = struct.unpack_from(">I4s", data, position)
        found.append((name, data[position + 8 : position + 8 + length]))
        position += 12 + length
    return [chunk for chunk in found if chunk[0] not in (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")]


def segments_in(data):
    """Return the markers and contents of a JPEG's segments before its scan, but for those that encode it."""
    found, position = [], 2
    while data[position + 1] != 0xDA:
        (length,) = struct.unpack_from(">H", data, position + 2)
        found.append((data[position + 1], data[position + 4 : position + 2 + length]))
        position += 2 + length
    return [each for each in found if each[0] >= 0xE0]


def profile(size=0):
    """Return a colour profile of sRGB, filled up to `size` bytes with noise that no compression shrinks."""
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    whole = icc + np.random.default_rng(0).bytes(max(0, size - len(icc)))
    return struct.pack(">I", len(whole)) + whole[4:]
