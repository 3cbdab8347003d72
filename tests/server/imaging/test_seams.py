import numpy as np
import pytest

from foveate_server.imaging.colormatch import match_low_frequencies
from foveate_server.imaging.composite import apply_patch
from foveate_server.imaging.mask import encode_coverage, feather_inwards, feather_width, rectangle
from foveate_server.imaging.seams import edge_jump, seam_ratio
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.pixels import COVERAGE_U8


def test_photos_have_no_seams(photos):
    for name, photo in photos.items():
        height, width = photo.shape[:2]
        ratio = seam_ratio(photo.astype(np.float32), columns=range(64, width - 3, 64), rows=range(64, height - 3, 64))
        assert ratio == pytest.approx(1, abs=0.1), name


def test_a_step_between_tiles_shows(photo):
    stepped = photo.astype(np.float32)
    stepped[:, 128:] += 4
    assert seam_ratio(stepped, columns=[128]) > 1.2 * seam_ratio(photo.astype(np.float32), columns=[128])


def test_flat_pictures_have_the_ratio_one_and_a_lone_step_an_infinite_one():
    flat = np.zeros((8, 8), np.float32)
    assert seam_ratio(flat, columns=[4]) == 1
    flat[:, 4:] = 1
    assert seam_ratio(flat, columns=[4]) == float("inf")


def test_a_feathered_patch_leaves_no_edge_where_a_pasted_one_does(photo):
    """Contract 4 of the imaging design, on a patch that differs in colour and in detail."""
    document, region = Extent(256, 256), Bounds(70, 60, 110, 120)
    window = document.bounds
    source = photo.astype(np.float32) / 255
    sharper = np.clip(source + 0.6 * (source - np.roll(source, 1, axis=1)) + 0.05, 0, 1)
    sharper = match_low_frequencies(sharper, source)
    new = np.rint(np.clip(sharper, 0, 1) * 255).astype("u1")
    hard = rectangle(region, window)
    soft = feather_inwards(hard, feather_width(region), window=window, document=document)
    jumps = {}
    for name, coverage in (("hard", hard), ("soft", soft)):
        result = photo.copy()
        plane = np.frombuffer(encode_coverage(coverage, COVERAGE_U8), "u1").reshape(256, 256)
        apply_patch(result, window, new, plane)
        jumps[name] = edge_jump(photo.astype(np.float32), result.astype(np.float32), hard > 0)
    assert jumps["soft"] < 0.25  # of an 8-bit level
    assert jumps["hard"] > 4 * max(jumps["soft"], 0.1)
