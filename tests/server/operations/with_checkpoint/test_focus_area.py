import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foveate_server.engines.deterministic.tints import facts
from foveate_server.imaging.resize import Filter
from foveate_server.operations.with_checkpoint.focus_area import UNTILED, denoise_mask, focus_on
from foveate_shared.geometry import Extent

FACTS = facts(None)


@pytest.mark.parametrize(
    ("crop", "seen", "tiled"),
    [
        (Extent(100, 100), Extent(512, 512), False),
        (Extent(512, 512), Extent(512, 512), False),
        (Extent(50, 100), Extent(360, 720), False),
        (Extent(600, 600), Extent(600, 600), False),
        (Extent(601, 603), Extent(608, 608), False),
        (Extent(1000, 700), Extent(1000, 704), True),
        (Extent(1, 1), Extent(512, 512), False),
    ],
)
def test_crops_are_shown_at_the_full_budget_or_as_they_are(crop, seen, tiled):
    focus = focus_on(crop, FACTS)
    assert focus.seen == seen
    assert focus.is_tiled == tiled


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 900), st.integers(1, 900))
def test_any_crop_is_seen_and_comes_back_at_its_own_extent(width, height):
    focus = focus_on(Extent(width, height), FACTS)
    assert focus.seen.width % FACTS.multiple == 0
    assert focus.seen.height % FACTS.multiple == 0
    assert focus.is_tiled == (focus.seen.area > UNTILED * FACTS.pixels)
    image = np.full((height, width, 3), 0.25, np.float32)
    shown = focus.show(image)
    assert shown.shape == (focus.seen.height, focus.seen.width, 3)
    back = focus.back(shown)
    assert back.shape == image.shape
    assert np.allclose(back, image, atol=1e-5)


def test_the_mask_is_grown_soft_and_aligned_to_the_latent_grid():
    coverage = np.zeros((301, 303), np.float32)
    coverage[100:200, 100:200] = 1
    focus = focus_on(Extent(303, 301), FACTS)
    mask = denoise_mask(coverage, focus, FACTS)
    shown = focus.show(coverage, Filter.BILINEAR)
    assert mask.shape == (focus.seen.height, focus.seen.width)
    assert (mask >= shown - 1e-6).all()
    cells = mask.reshape(focus.seen.height // 8, 8, focus.seen.width // 8, 8)
    assert (cells == cells[:, :1, :, :1]).all()
    assert mask[0, 0] == 0
    assert np.count_nonzero((mask > 0) & (mask < 1)) > 0
    grown = np.flatnonzero(mask[focus.seen.height // 2] > 0.5)
    covered = np.flatnonzero(shown[focus.seen.height // 2] > 0.5)
    assert 8 <= covered[0] - grown[0] <= 32


def test_soft_coverage_stays_soft_and_full_coverage_needs_no_mask():
    focus = focus_on(Extent(512, 512), FACTS)
    half = np.full((512, 512), 0.5, np.float32)
    assert np.allclose(denoise_mask(half, focus, FACTS), 0.5, atol=1e-3)
    assert denoise_mask(np.ones((512, 512), np.float32), focus, FACTS) is None
