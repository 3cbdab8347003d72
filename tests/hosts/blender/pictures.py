"""Pictures that a restorer can do something with, as Blender keeps them."""

import struct
import zlib

import numpy as np

from foveate_shared import png

WIDTH, HEIGHT = 96, 80


def scene():
    """Return a picture that is a little soft: blocks of colour with narrow ramps between them, top row first."""
    coarse = np.random.default_rng(3).random((HEIGHT // 4, WIDTH // 4, 3))
    values = coarse.repeat(4, axis=0).repeat(4, axis=1)
    for axis in (0, 1):
        values = (np.roll(values, 1, axis) + values + np.roll(values, -1, axis)) / 3
    return values


def linear(encoded):
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def picture(kind):
    """Return samples as Blender keeps them, bottom row first, and the alpha mode."""
    depth, _, extra = kind.partition(" ")
    color = np.rint(scene() * 255) / 255
    alpha = np.ones((HEIGHT, WIDTH, 1))
    if extra in {"alpha", "packed"}:
        alpha = np.rint(np.linspace(0, 255, WIDTH)).reshape(1, WIDTH, 1).repeat(HEIGHT, 0) / 255
    if depth == "u8":
        samples = np.rint(np.concatenate([color, alpha], axis=2) * 255).astype(np.uint8)
        return samples[::-1], "CHANNEL_PACKED" if extra == "packed" else "STRAIGHT"
    light = linear(color) * (6 if extra == "bright" else 1)
    return np.concatenate([light * alpha, alpha], axis=2).astype(np.float32)[::-1], "PREMUL"


def as_kept(grabbed, kind):
    """Return samples as Blender keeps them: bytes come as floats."""
    return np.rint(grabbed * 255).astype(np.uint8) if kind.startswith("u8") else grabbed


def png16(samples):
    """Return a PNG file of 16 bits: (height, width, 3), uint16, top row first."""
    height, width, _ = samples.shape
    rows = np.concatenate(
        [np.zeros((height, 1), np.uint8), samples.astype(">u2").view(np.uint8).reshape(height, -1)], 1
    )

    header = png.chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0))
    return png.SIGNATURE + header + png.chunk(b"IDAT", zlib.compress(rows.tobytes())) + png.chunk(b"IEND", b"")
