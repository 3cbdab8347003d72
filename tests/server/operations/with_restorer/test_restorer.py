from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foveate_server.engines.values import Pinned, Rendering, Strip
from foveate_server.operations.with_restorer import restorer as restorer_module
from foveate_server.operations.with_restorer.grid import halo, on_grid, snap
from foveate_server.operations.with_restorer.restorer import Restorer
from foveate_shared.geometry import Bounds, Extent


class Ticker:
    def __init__(self):
        self.fractions = []

    def check(self):
        pass

    def give_way(self):
        return False

    def progress(self, stage, fraction, step=0, steps=0):
        self.fractions.append(fraction)

    def note(self, text):
        raise AssertionError(text)


@pytest.fixture
def restorer(engine):
    return Restorer(engine, Ticker())


@given(st.floats(0.1, 8))
def test_reductions_are_quarters_and_never_enlarge(reduction) -> None:
    quarters = snap(reduction)
    assert quarters >= 4
    assert abs(quarters / 4 - max(1, reduction)) <= 0.125
    assert halo(quarters) % quarters == 0
    assert halo(quarters) >= 64 * quarters / 4


@settings(max_examples=60)
@given(st.tuples(*[st.integers(0, 300)] * 2), st.tuples(*[st.integers(1, 200)] * 2), st.integers(4, 17))
def test_parts_on_the_grid_hold_the_part_and_end_on_it_or_at_the_border(corner, size, quarters) -> None:
    document = Extent(520, 511)
    part = Bounds(*corner, *size)
    grown = on_grid(part, quarters, document)
    assert grown.contains(part)
    assert document.bounds.contains(grown)
    assert grown.x % quarters == grown.y % quarters == 0
    assert grown.right % quarters == 0 or grown.right == document.width
    assert grown.bottom % quarters == 0 or grown.bottom == document.height


@pytest.mark.parametrize("quarters", [4, 5, 6, 7, 9, 16])
def test_pieces_give_what_the_whole_gives(soft, restorer, monkeypatch, quarters) -> None:
    image = np.tile(soft, (2, 3, 1))
    whole = restorer.restore(image, quarters)
    monkeypatch.setattr(restorer_module, "PIECE_AREA", 0)
    monkeypatch.setattr(restorer_module, "COLUMN", 64)
    restorer.ticker.fractions.clear()
    pieces = restorer.restore(image, quarters)
    assert whole.shape == image.shape
    difference = np.abs(pieces - whole)
    # The engine bends tones in steps, which rounding at a step's edge may tip over in a pixel here and there.
    assert np.quantile(difference, 0.999) < 1 / 255
    assert (np.diff(restorer.ticker.fractions) > -1e-9).all()


@pytest.mark.parametrize("quarters", [4, 5, 6, 16])
def test_a_strip_is_restored_as_in_the_whole_and_the_rest_left(soft, restorer, monkeypatch, quarters) -> None:
    monkeypatch.setattr(restorer_module, "PIECE_AREA", 64 * 64)
    image = np.tile(soft, (3, 2, 1))
    whole = restorer.restore(image, quarters, sigma=2.0)
    wanted = Bounds(2 * quarters, 3 * quarters, 20 * quarters, 12 * quarters)
    result = restorer.restore(image, quarters, sigma=2.0, strip=Strip(wanted, 0, None))
    inner = wanted.pad(-6)  # three sigmas: a strip's colour match sees no further than its edges
    part = slice(inner.y, inner.bottom), slice(inner.x, inner.right)
    assert np.quantile(np.abs(result - whole)[part], 0.999) < 1 / 255
    untouched = np.ones(image.shape[:2], bool)
    untouched[wanted.y : wanted.bottom, wanted.x : wanted.right] = False
    assert np.array_equal(result[untouched], image[untouched])


def test_pieces_follow_each_other_from_strip_to_strip(soft, restorer, monkeypatch) -> None:
    """As the engine sees them: each begins where it can go on with what the one before left."""
    monkeypatch.setattr(restorer_module, "PIECE_AREA", 40 * 80)
    seen = []

    def upscale(image, ticker, face=None, strip=None):
        seen.append(strip)
        return type(restorer).upscale(restorer, image, ticker, face, strip)

    image = np.resize(soft, (240, 80, 3)).astype(np.float32)
    recording = replace(restorer)
    recording.upscale = upscale
    recording.restore(image[:160], 4, sigma=8.0, strip=Strip(Bounds(0, 0, 80, 88), 0, 16))
    recording.restore(image[40:], 4, sigma=8.0, strip=Strip(Bounds(0, 32, 80, 128), 40, None))
    assert len(seen) == 7
    for above, below in pairwise(seen):
        assert above.top + above.wanted.bottom - above.again == below.top + below.wanted.y
    assert seen[-1].again is None


def test_low_frequencies_are_the_originals(soft, restorer) -> None:
    result = restorer.restore(soft, 4)
    assert np.allclose(result.mean(axis=(0, 1)), soft.mean(axis=(0, 1)), atol=0.01)


def test_a_recipe_without_a_rendering_is_empty(restorer) -> None:
    assert restorer.recipe == {}


class OneToOne:
    """A network that does not enlarge, such as a face restorer: it remembers what it saw."""

    def __init__(self):
        self.seen = []

    def model_scale(self, model):
        return 1

    def upscale(self, image, model, *, exact, pinned, ticker, face, strip):
        self.seen.append(image.shape)
        return Rendering(image, 1, {"name": "one", "sha256": ""}, "cpu: test", Pinned())


@pytest.mark.parametrize(("side", "expected"), [(200, (200, 200, 3)), (1536, (1024, 1024, 3))])
def test_a_network_that_does_not_enlarge_sees_every_pixel_in_one_piece(restorer, soft, side, expected) -> None:
    one = OneToOne()
    restorer = replace(restorer, engine=one)
    extent = Extent(side, side)
    quarters = restorer.quarters(3.0, extent, whole=True)
    restorer.restore(np.resize(soft, (side, side, 3)).astype(np.float32), quarters)
    assert one.seen == [expected]
    assert restorer.quarters(3.0, extent) == 4


def test_a_network_that_enlarges_sees_what_the_blur_leaves(restorer) -> None:
    assert restorer.quarters(3.0, Extent(200, 200)) == 12
