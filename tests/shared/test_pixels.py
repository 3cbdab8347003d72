"""Layouts of pixels, against numpy."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foveate_shared.geometry import Extent
from foveate_shared.pixels import (
    COVERAGE_U8,
    Channels,
    PixelFormat,
    SampleType,
    coverage_in_8_bits,
    flip_rows,
    pack_rows,
    with_opaque_alpha,
)

NUMPY = {SampleType.U8: np.uint8, SampleType.U16: np.uint16, SampleType.F16: np.float16, SampleType.F32: np.float32}


@pytest.mark.parametrize("dtype", SampleType)
def test_samples_are_as_large_as_numpys(dtype: SampleType) -> None:
    assert dtype.size == np.dtype(NUMPY[dtype]).itemsize
    assert dtype.is_float == np.issubdtype(NUMPY[dtype], np.floating)


@given(st.sampled_from(SampleType), st.sampled_from(Channels), st.integers(1, 9), st.integers(1, 9))
def test_the_size_of_an_image(dtype: SampleType, channels: Channels, width: int, height: int) -> None:
    image = np.zeros((height, width, len(channels.value)), NUMPY[dtype])
    layout = PixelFormat(dtype, channels)
    assert layout.size(Extent(width, height)) == image.nbytes
    assert layout.pixel_size == image[0, 0].nbytes


@pytest.mark.parametrize(
    ("channels", "color", "alpha"),
    [
        (Channels.Y, (0,), None),
        (Channels.YA, (0,), 1),
        (Channels.RGB, (0, 1, 2), None),
        (Channels.BGR, (2, 1, 0), None),
        (Channels.RGBA, (0, 1, 2), 3),
        (Channels.BGRA, (2, 1, 0), 3),
        (Channels.ARGB, (1, 2, 3), 0),
        (Channels.ABGR, (3, 2, 1), 0),
    ],
)
def test_where_channels_lie(channels: Channels, color: tuple[int, ...], alpha: int | None) -> None:
    assert channels.color_positions == color
    assert channels.alpha_position == alpha
    assert channels.has_alpha == (alpha is not None)
    assert channels.is_gray == (len(color) == 1)
    assert channels.count == len(color) + (alpha is not None)


def test_every_layout_is_in_the_table() -> None:
    assert len(Channels) == 8
    assert COVERAGE_U8.pixel_size == 1


@given(st.integers(1, 8), st.integers(0, 5), st.integers(0, 6), st.data())
def test_pack_rows(row_bytes: int, padding: int, rows: int, data: st.DataObject) -> None:
    stride = row_bytes + padding
    whole = data.draw(st.binary(min_size=stride * rows, max_size=stride * rows))
    expected = np.frombuffer(whole, np.uint8).reshape(rows, stride)[:, :row_bytes].tobytes()
    assert pack_rows(whole, row_bytes, stride, rows) == expected
    if rows:
        short = whole[: stride * (rows - 1) + row_bytes]  # the last row may end early
        assert pack_rows(memoryview(short), row_bytes, stride, rows) == expected
        with pytest.raises(ValueError, match="too few"):
            pack_rows(short[:-1], row_bytes, stride, rows)


def test_a_stride_below_the_row() -> None:
    with pytest.raises(ValueError, match="too few"):
        pack_rows(bytes(100), 8, 7, 2)


@given(st.integers(1, 8), st.integers(0, 6), st.data())
def test_flip_rows(row_bytes: int, rows: int, data: st.DataObject) -> None:
    whole = data.draw(st.binary(min_size=row_bytes * rows, max_size=row_bytes * rows))
    flipped = flip_rows(whole, row_bytes)
    assert flipped == np.frombuffer(whole, np.uint8).reshape(rows, row_bytes)[::-1].tobytes()
    assert flip_rows(bytearray(flipped), row_bytes) == whole


def test_coverage_in_8_bits() -> None:
    words = struct.pack("<5H", 0, 1, 32768, 65534, 65535)
    assert coverage_in_8_bits(words, SampleType.U16) == bytes([0, 0, 128, 255, 255])
    floats = struct.pack("<5f", 0.0, 0.5, 1.0, -3.0, 7.0)
    assert coverage_in_8_bits(floats, SampleType.F32) == bytes([0, 128, 255, 0, 255])
    assert coverage_in_8_bits(memoryview(b"abc"), SampleType.U8) == b"abc"


def test_pixels_without_alpha_become_opaque_ones():
    rgb = bytes([1, 2, 3, 4, 5, 6])
    assert with_opaque_alpha(rgb, Channels.RGBA) == bytes([1, 2, 3, 255, 4, 5, 6, 255])
    assert with_opaque_alpha(memoryview(rgb), Channels.BGRA) == bytes([3, 2, 1, 255, 6, 5, 4, 255])
