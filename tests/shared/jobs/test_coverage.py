"""Coverage: planes moved by slices are what a loop over pixels would give."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foveate_shared.geometry import Bounds, Extent
from foveate_shared.jobs.coverage import (
    Mask,
    differs_where_covered,
    hide_invisible,
    is_any_visible,
    is_opaque,
    same_under,
    visible_plane,
    with_alpha,
)
from foveate_shared.jobs.host import Image
from foveate_shared.pixels import COVERAGE_U8, Channels, PixelFormat, SampleType

FORMATS = [
    PixelFormat(SampleType.U8, Channels.BGRA),
    PixelFormat(SampleType.U16, Channels.BGRA),
    PixelFormat(SampleType.F16, Channels.RGBA),
    PixelFormat(SampleType.F32, Channels.RGBA),
    PixelFormat(SampleType.U8, Channels.YA),
    PixelFormat(SampleType.F32, Channels.YA),
]
CODES = {SampleType.U8: "B", SampleType.U16: "H", SampleType.F16: "e", SampleType.F32: "f"}
TOPS = {SampleType.U8: 255, SampleType.U16: 65535, SampleType.F16: 1.0, SampleType.F32: 1.0}
DTYPES = {SampleType.U8: "u1", SampleType.U16: "<u2", SampleType.F16: "<f2", SampleType.F32: "<f4"}
places = st.builds(Bounds, st.integers(0, 9), st.integers(0, 9), st.integers(1, 8), st.integers(1, 8))


def samples(data, layout):
    return struct.unpack(f"<{len(data) // layout.dtype.size}{CODES[layout.dtype]}", bytes(data))


def image(layout, alpha, count=6):
    """Return pixels that count up, with one alpha."""
    top, channels = TOPS[layout.dtype], layout.channels.count
    values = [
        alpha if index % channels == channels - 1 else index * (top / 100 if layout.dtype.is_float else 1)
        for index in range(count * channels)
    ]
    return Image(Extent(count, 1), struct.pack(f"<{len(values)}{CODES[layout.dtype]}", *values), layout)


@given(places, places, st.randoms())
@settings(max_examples=60)
def test_a_window_of_a_mask_is_what_lies_there(selected, window, random):
    data = bytes(random.choice((0, 1, 128, 255)) for _ in range(selected.area))
    mask = Mask(selected, data)
    expected = bytearray()
    for y in range(window.y, window.bottom):
        for x in range(window.x, window.right):
            inside = selected.x <= x < selected.right and selected.y <= y < selected.bottom
            expected.append(data[(y - selected.y) * selected.width + x - selected.x] if inside else 0)
    assert mask.window(window) == bytes(expected)


@pytest.mark.parametrize("layout", FORMATS, ids=str)
@pytest.mark.parametrize("depth", [SampleType.U8, SampleType.U16, SampleType.F32])
def test_coverage_becomes_alpha_and_colours_stay(layout, depth):
    amounts = (0, 0.2, 0.5, 0.75, 1, 1)
    top = TOPS[depth]
    coverage = struct.pack(
        f"<6{CODES[depth]}", *(amount * top if depth.is_float else round(amount * top) for amount in amounts)
    )
    before = image(layout, TOPS[layout.dtype])
    after = samples(with_alpha(before, Image(before.extent, coverage, PixelFormat(depth, Channels.Y))), layout)
    channels = layout.channels.count
    old = samples(before.data, layout)
    for pixel, amount in enumerate(amounts):
        colour = slice(pixel * channels, (pixel + 1) * channels - 1)
        assert after[colour] == old[colour]
        assert after[(pixel + 1) * channels - 1] / TOPS[layout.dtype] == pytest.approx(amount, abs=0.003)
    assert after[channels - 1] == 0
    assert after[-1] == TOPS[layout.dtype]


@pytest.mark.parametrize("layout", FORMATS, ids=str)
def test_what_is_invisible_stays_so_and_all_else_as_it_is(layout):
    shown, hidden = image(layout, 1, 3), image(layout, 0, 3)
    mixed = Image(Extent(6, 1), bytes(shown.data) + bytes(hidden.data), layout)
    assert visible_plane(mixed.data, layout) == b"\xff\xff\xff\0\0\0"
    opaque = with_alpha(mixed, None)
    half = len(opaque) // 2
    made = bytearray(opaque)
    hide_invisible(made, mixed)
    assert made[:half] == opaque[:half]
    assert made[half:] == hidden.data


@pytest.mark.parametrize(
    ("covered", "is_seen"), [(None, True), (bytes(6), False), (b"\0\0\0\0\1\1", False), (b"\0\1\0\0\0\0", True)]
)
def test_something_is_visible_only_where_it_is_covered(covered, is_seen):
    layout = PixelFormat(SampleType.U16, Channels.RGBA)
    data = bytes(image(layout, 1, 3).data) + bytes(image(layout, 0, 3).data)
    assert is_any_visible(data, layout, covered) is is_seen
    assert not is_any_visible(bytes(len(data)), layout, covered)


@pytest.mark.parametrize("layout", FORMATS, ids=str)
def test_without_coverage_alpha_is_full(layout):
    after = with_alpha(image(layout, 0), None)
    assert after == image(layout, TOPS[layout.dtype]).data


@pytest.mark.parametrize("layout", FORMATS, ids=str)
def test_opacity_is_seen_in_every_layout(layout):
    top = TOPS[layout.dtype]
    assert is_opaque(image(layout, top).data, layout)
    data = bytearray(image(layout, top).data)
    data[-layout.dtype.size :] = bytes(layout.dtype.size)
    assert not is_opaque(data, layout)


def test_pixels_are_compared_under_the_coverage_alone():
    mask = Mask(Bounds(0, 0, 3, 1), b"\x00\x01\xff")
    first = memoryview(b"aaaabbbbcccc")
    assert same_under(mask, first, memoryview(b"XXXXbbbbcccc"), 4)
    assert not same_under(mask, first, memoryview(b"aaaabbbXcccc"), 4)
    assert not same_under(mask, first, memoryview(b"aaaabbbb"), 4)
    assert same_under(None, first, memoryview(bytes(first)), 4)
    assert not same_under(None, first, memoryview(b"XXXXbbbbcccc"), 4)


def test_a_full_mask_is_known():
    assert Mask(Bounds(0, 0, 2, 2), b"\xff" * 4).is_full
    assert not Mask(Bounds(0, 0, 2, 2), b"\xff\xff\xfe\xff").is_full
    large = Bounds(0, 0, 300, 500)
    assert Mask(large, b"\xff" * large.area).is_full
    assert not Mask(large, b"\xff" * (large.area - 1) + b"\xfe").is_full
    assert COVERAGE_U8.pixel_size == 1


@pytest.mark.parametrize("samples", SampleType)
@pytest.mark.parametrize("channels", [Channels.RGBA, Channels.YA])
def test_alpha_becomes_the_coverage_and_colour_stays(samples, channels):
    pixels = (np.random.default_rng(1).random((3, 5, channels.count)) * 200).astype(DTYPES[samples])
    coverage = (np.random.default_rng(2).random((3, 5)) * 200).astype(DTYPES[samples])
    extent, plane = Extent(5, 3), PixelFormat(samples, Channels.Y)
    given = Image(extent, pixels.tobytes(), PixelFormat(samples, channels)), Image(extent, coverage.tobytes(), plane)
    result = np.frombuffer(with_alpha(*given), pixels.dtype).reshape(pixels.shape)
    assert np.array_equal(result[..., :-1], pixels[..., :-1])
    assert np.array_equal(result[..., -1], coverage)


@pytest.mark.parametrize("samples", SampleType)
def test_without_coverage_all_of_new_pixels_is_taken(samples):
    pixels = np.zeros((2, 2, 4), DTYPES[samples])
    image = Image(Extent(2, 2), pixels.tobytes(), PixelFormat(samples, Channels.RGBA))
    result = np.frombuffer(with_alpha(image, None), pixels.dtype).reshape(2, 2, 4)
    full = 1.0 if samples.is_float else np.iinfo(pixels.dtype).max
    assert (result[..., 3] == full).all()
    assert not result[..., :3].any()


def test_only_covered_pixels_count():
    old, new = bytes(12), bytes(4) + b"\1" + bytes(7)
    u8 = PixelFormat(SampleType.U8, Channels.RGBA)
    assert differs_where_covered(old, new, struct.pack("<3f", 0, 0.01, 0), u8)
    assert not differs_where_covered(old, new, struct.pack("<3f", 1, 0, 1), u8)


def test_floats_may_differ_by_noise_where_that_is_told():
    old, new = (struct.pack("<4f", value, 0, 0, 1) for value in (8, 8.001))
    covered, layout = struct.pack("<f", 1.0), PixelFormat(SampleType.F32, Channels.RGBA)
    assert differs_where_covered(old, new, covered, layout)
    assert differs_where_covered(old, new, covered, layout, 1e-5)
    assert not differs_where_covered(old, new, covered, layout, 1e-3)
