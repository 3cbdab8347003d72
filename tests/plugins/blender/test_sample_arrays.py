import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foveate_shared.errors import ProtocolError
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.jobs.host import Image, ResultPatch
from foveate_shared.pixels import COVERAGE_U8, Channels, PixelFormat, RowOrder, SampleType

EXTENT = Extent(12, 9)
BOUNDS = Bounds(3, 1, 5, 4)


@pytest.fixture(scope="module")
def samples(module):
    return module("sample_arrays")


def picture(dtype):
    values = np.arange(12 * 9 * 4).reshape(9, 12, 4) % 251
    return values.astype(np.uint8) if dtype == "u8" else (values / 100).astype(np.float32)


@pytest.mark.parametrize("dtype", ["u8", "f32"])
def test_a_window_is_what_its_format_says(samples, dtype):
    image = picture(dtype)
    layout = samples.format_of(image, premultiplied=dtype == "f32")
    window = samples.window(image, BOUNDS, layout)
    assert layout.size(window.extent) == len(window.data)
    assert np.array_equal(samples.unpack(window)[::-1], image[::-1][1:5, 3:8])  # from the top, as bounds count


def test_windows_outside_of_the_image_are_refused(samples):
    image = picture("u8")
    layout = samples.format_of(image, premultiplied=False)
    for bounds in (Bounds(8, 0, 5, 2), Bounds(0, 0, 0, 3), Bounds(-1, 0, 2, 2)):
        with pytest.raises(ProtocolError):
            samples.window(image, bounds, layout)


@given(st.integers(0, 9), st.integers(0, 6), st.integers(1, 3), st.integers(1, 3))
def test_coverage_is_zero_beyond_the_region(samples, x, y, width, height):
    region = np.full((4, 5, 1), 200, np.uint8)
    bounds = Bounds(x, y, width, height)
    plane = samples.unpack(samples.coverage_window(region, BOUNDS, bounds))
    assert plane.sum() == 200 * bounds.intersect(BOUNDS).area


def patch(samples, image, new, coverage=None):
    layout = samples.format_of(image, premultiplied=False)
    covered = Image(BOUNDS.extent, coverage.tobytes(), COVERAGE_U8) if coverage is not None else None
    return ResultPatch(BOUNDS, Image(BOUNDS.extent, np.ascontiguousarray(new).tobytes(), layout), covered), layout


@pytest.mark.parametrize("dtype", ["u8", "f32"])
def test_patches_blend_by_their_coverage_and_keep_all_else_to_the_bit(samples, dtype):
    old = picture(dtype)
    new = old[:4, :5] + old.dtype.type(1)
    coverage = np.zeros((4, 5), np.uint8)
    coverage[0], coverage[1] = 255, 128
    blended = old.copy()
    made, layout = patch(samples, old, new, coverage)  # the coverage's rows run down, the pixels' rows up
    samples.apply_patches(blended, [made], layout)
    inside, was = samples.view(blended, BOUNDS)[::-1], samples.view(old, BOUNDS)[::-1]
    assert np.array_equal(inside[0], new[::-1][0])
    assert np.array_equal(inside[2:], was[2:])
    half = was[1] + (new[::-1][1].astype(np.float32) - was[1]) * np.float32(128 / 255)
    assert np.allclose(inside[1], np.rint(half) if dtype == "u8" else half, atol=1e-6)
    blended[4:8, 3:8] = old[4:8, 3:8]
    assert np.array_equal(blended, old)


def blended_plainly(old, new, coverage):
    """What PROTOCOL.md says, at once and for all samples."""
    full = 1 if coverage.dtype == np.float32 else 255
    share = coverage.astype(np.float32) / np.float32(full)
    base = old.astype(np.float32)
    mixed = base + (new.astype(np.float32) - base) * share
    if old.dtype == np.uint8:
        mixed = np.rint(np.clip(mixed, 0, 255))
    return np.where(share >= 1, new, np.where(share > 0, mixed.astype(old.dtype), old))


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("kinds", [(np.uint8, np.uint8), (np.float32, np.float32), (np.float32, np.uint8)])
def test_tall_patches_blend_as_the_protocol_says_to_the_bit(samples, channels, kinds):
    random, (dtype, cover) = np.random.default_rng(5), kinds
    old, new = (random.integers(0, 256, (100, 40, channels)).astype(dtype) for _ in range(2))
    if dtype is np.float32:
        old, new = old / 100, new / 100
        old[:9], new[50:] = np.nan, np.inf  # beneath nothing, and taken whole
    coverage = random.integers(1, 255, (70, 25, 1)).astype(np.uint8)
    coverage[:20], coverage[20:50] = 0, 255
    coverage = coverage if cover is np.uint8 else coverage.astype(np.float32) / np.float32(255)
    bounds = Bounds(3, 10, 25, 70)
    layout = samples.format_of(old, premultiplied=False)
    part = np.ascontiguousarray(samples.view(new, bounds))
    plane = Image(bounds.extent, coverage.tobytes(), samples.format_of(coverage, premultiplied=False))
    made = old.copy()
    samples.apply_patches(made, [ResultPatch(bounds, Image(bounds.extent, part.tobytes(), layout), plane)], layout)
    expected = old.copy()
    samples.view(expected, bounds)[...] = blended_plainly(samples.view(old, bounds), part, coverage)
    assert made.tobytes() == expected.tobytes()


def test_bytes_that_came_as_floats_are_exact(samples):
    values = np.arange(256, dtype=np.uint8).repeat(40 * 4).reshape(-1, 64, 4)
    assert len(values) > 100
    assert np.array_equal(samples.bytes_of(values.astype(np.float32) / np.float32(255)), values)


def test_a_patch_without_coverage_is_taken_as_it_is(samples):
    old = picture("u8")
    new = np.full((4, 5, 4), 7, np.uint8)
    made, layout = patch(samples, old, new)
    samples.apply_patches(old, [made], layout)
    assert (samples.view(old, BOUNDS) == 7).all()


def test_patches_that_do_not_fit_are_refused(samples):
    old = picture("u8")
    made, layout = patch(samples, old, np.zeros((4, 5, 4), np.uint8))
    other = PixelFormat(SampleType.U8, Channels.RGBA, rows=RowOrder.TOP_DOWN)
    outside = ResultPatch(Bounds(10, 1, 5, 4), made.pixels, None)
    for wrong, expected in ((made, other), (outside, layout)):
        with pytest.raises(ProtocolError):
            samples.apply_patches(old.copy(), [wrong], expected)
