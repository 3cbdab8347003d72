from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foveate_server.engines.base import Pinned, Rendering
from foveate_server.operations import restoring
from foveate_server.operations.base import JobRequest
from foveate_server.operations.restoring import Restorer, halo, on_grid, snap
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.pixels import Channels, PixelFormat, SampleType


class Ticker:
    def __init__(self):
        self.fractions = []

    def check(self):
        pass

    def progress(self, stage, fraction, step=0, steps=0):
        self.fractions.append(fraction)

    def note(self, text):
        raise AssertionError(text)


@pytest.fixture
def restorer(engine):
    pixels = PixelFormat(SampleType.U8, Channels.RGB)
    return Restorer(JobRequest("refocus", {}, Extent(1, 1), pixels, "srgb", None, None), engine, Ticker())


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
    monkeypatch.setattr(restoring, "STRIP_AREA", 0)
    monkeypatch.setattr(restoring, "_COLUMN", 64)
    restorer.ticker.fractions.clear()
    pieces = restorer.restore(image, quarters)
    assert whole.shape == image.shape
    difference = np.abs(pieces - whole)
    # The engine bends tones in steps, which rounding at a step's edge may tip over in a pixel here and there.
    assert np.quantile(difference, 0.999) < 1 / 255
    assert (np.diff(restorer.ticker.fractions) > -1e-9).all()


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
