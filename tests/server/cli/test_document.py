"""The command line as a host: windows tell the truth, and outside of the coverage nothing changes, in any container."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foveate_server.cli.document import PictureDocument
from foveate_server.cli.region import Region
from foveate_server.picture_files.picture import DTYPES, Picture, from_wire
from foveate_server.picture_files.read import read_picture
from foveate_server.picture_files.write import HOLDS, save
from foveate_shared.errors import ProtocolError
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.jobs.host import Image, Result, ResultPatch
from foveate_shared.pixels import COVERAGE_U8, AlphaMode, Channels
from foveate_shared.wire.protocol import Selection

LOSSLESS = [
    (suffix, dtype, channels)
    for suffix, kind in {".png": "png", ".webp": "webp", ".tif": "tiff", ".exr": "openexr"}.items()
    for dtype in HOLDS[kind]
    for channels in (Channels.Y, Channels.YA, Channels.RGB, Channels.RGBA)
    if not (kind == "webp" and channels.is_gray)
]


def random_samples(dtype, shape, seed):
    random = np.random.default_rng(seed)
    if dtype.is_float:
        return random.normal(0.5, 1.0, shape).astype(DTYPES[dtype])
    return random.integers(0, np.iinfo(DTYPES[dtype]).max + 1, shape).astype(DTYPES[dtype])


def patch_for(picture, bounds, coverage, seed=1):
    shape = (bounds.height, bounds.width, picture.channels.count)
    data = random_samples(picture.format.dtype, shape, seed).tobytes()
    covered = Image(bounds.extent, coverage.tobytes(), COVERAGE_U8) if coverage is not None else None
    return ResultPatch(bounds, Image(bounds.extent, data, picture.format), covered)


def applied(picture, *patches, frame="document", extent=None):
    stored = []
    document = PictureDocument(picture, Region(None), lambda made, _: stored.append(made))
    document.apply(Result(frame, extent or picture.extent, patches, ()))
    return stored[0]


@pytest.mark.parametrize(("suffix", "dtype", "channels"), LOSSLESS)
def test_samples_outside_the_coverage_are_the_files_own(tmp_path, suffix, dtype, channels):
    alpha = AlphaMode.PREMULTIPLIED if suffix == ".exr" and channels.has_alpha else AlphaMode.STRAIGHT
    before, after = tmp_path / f"in{suffix}", tmp_path / f"out{suffix}"
    save(Picture(random_samples(dtype, (11, 13, channels.count), 0), channels, alpha), before)
    original = read_picture(before)
    coverage = np.zeros((5, 7), np.uint8)
    coverage[1:4, 2:6] = [[0, 80, 255, 255], [255, 0, 128, 1], [3, 254, 255, 0]]
    patch = patch_for(original, Bounds(6, 0, 7, 5), coverage)
    save(applied(original, patch), after)
    result = read_picture(after)
    mask = np.zeros((11, 13), bool)
    mask[0:5, 6:13] = coverage > 0
    assert result.samples[~mask].tobytes() == original.samples[~mask].tobytes()
    full = np.zeros_like(mask)
    full[0:5, 6:13] = coverage == 255
    new = from_wire(patch.pixels.data, original.format, Extent(7, 5))
    assert result.samples[full].tobytes() == new[coverage == 255].tobytes()


def test_the_original_is_not_touched():
    picture = Picture(np.zeros((4, 4, 3), np.uint8), Channels.RGB)
    made = applied(picture, patch_for(picture, Bounds(0, 0, 4, 4), None))
    assert not picture.samples.any()
    assert made.samples.any()


def test_a_new_frame_is_made_of_its_patches():
    picture = Picture(np.zeros((4, 4, 3), np.uint16), Channels.RGB)
    left, right = (patch_for(picture, Bounds(x, 0, 4, 8), None, seed=x) for x in (0, 4))
    made = applied(picture, left, right, frame="new", extent=Extent(8, 8))
    assert made.extent == Extent(8, 8)
    np.testing.assert_array_equal(made.samples[:, 4:], from_wire(right.pixels.data, picture.format, Extent(4, 8)))


def test_a_patch_outside_is_refused():
    picture = Picture(np.zeros((4, 4, 3), np.uint8), Channels.RGB)
    with pytest.raises(ProtocolError, match="does not"):
        applied(picture, patch_for(picture, Bounds(2, 2, 4, 4), None))


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_windows_are_the_pictures_samples(data):
    picture = Picture(random_samples(HOLDS["png"][1], (9, 14, 3), 0), Channels.RGB)
    x, y = data.draw(st.integers(0, 13)), data.draw(st.integers(0, 8))
    bounds = Bounds(x, y, data.draw(st.integers(1, 14 - x)), data.draw(st.integers(1, 9 - y)))
    window = PictureDocument(picture, Region(None)).read_pixels(bounds, bounds.extent)
    samples = from_wire(window.data, picture.format, window.extent)
    np.testing.assert_array_equal(samples, picture.samples[y : bounds.bottom, x : bounds.right])


def test_small_windows_are_reduced_before_they_travel():
    picture = Picture(np.full((400, 600, 3), 77, np.uint8), Channels.RGB)
    window = PictureDocument(picture, Region(None)).read_pixels(Bounds(0, 0, 600, 400), Extent(60, 40))
    assert window.extent == Extent(60, 40)
    assert bytes(window.data) == b"\x4d" * (60 * 40 * 3)


def test_coverage_is_the_masks_or_the_rectangles():
    picture = Picture(np.zeros((6, 6, 1), np.uint8), Channels.Y)
    mask = np.zeros((6, 6), np.uint8)
    mask[2, 3] = 200
    bounds = Bounds(2, 1, 3, 3)
    masked = PictureDocument(picture, Region(Selection(bounds, True), mask)).read_coverage(bounds, Extent(3, 3))
    assert list(bytes(masked.data)) == [0, 0, 0, 0, 200, 0, 0, 0, 0]
    plain = PictureDocument(picture, Region(Selection(Bounds(3, 1, 1, 3)))).read_coverage(bounds, Extent(3, 3))
    assert list(bytes(plain.data)) == [0, 255, 0] * 3


def test_a_window_outside_is_the_servers_fault():
    picture = Picture(np.zeros((6, 6, 1), np.uint8), Channels.Y)
    with pytest.raises(ProtocolError, match="outside"):
        PictureDocument(picture, Region(None)).read_pixels(Bounds(3, 3, 4, 4), Extent(4, 4))
