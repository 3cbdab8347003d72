import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from foveate_server.imaging import composite
from foveate_server.imaging.composite import apply_patch, blend
from foveate_shared.errors import Fault, ProtocolError
from foveate_shared.geometry import Bounds

DEPTHS = ["u1", "<u2", "<f2", "<f4"]
COVERAGE_DEPTHS = ["u1", "<u2", "<f4"]


def elements(dtype):
    kind = np.dtype(dtype)
    if kind.kind == "u":
        return None
    largest = float(np.finfo(kind).max)
    return st.floats(-largest, largest, width=8 * kind.itemsize)


def coverages(dtype, shape):
    full = np.iinfo(dtype).max if np.dtype(dtype).kind == "u" else 1.0
    middle = st.integers(0, full) if full > 1 else st.floats(0, 1, width=32)
    return hnp.arrays(dtype, shape, elements=st.one_of(st.just(0), st.just(full), middle))


@st.composite
def edits(draw, depth):
    """Return a document of odd shape, and a patch somewhere in it, often along its borders."""
    height, width, channels = draw(st.integers(1, 13)), draw(st.integers(1, 13)), draw(st.sampled_from([1, 2, 3, 4]))
    x, y = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
    bounds = Bounds(x, y, draw(st.integers(1, width - x)), draw(st.integers(1, height - y)))
    document = draw(hnp.arrays(depth, (height, width, channels), elements=elements(depth)))
    pixels = draw(hnp.arrays(depth, (bounds.height, bounds.width, channels), elements=elements(depth)))
    coverage = draw(coverages(draw(st.sampled_from(COVERAGE_DEPTHS)), pixels.shape[:2]))
    return document, bounds, pixels, coverage


@pytest.mark.parametrize("depth", DEPTHS)
@given(st.data())
@settings(max_examples=60, deadline=None)
def test_bytes_outside_are_untouched_and_full_coverage_takes_the_patch(depth, data):
    document, bounds, pixels, coverage = data.draw(edits(depth))
    before = document.copy()
    apply_patch(document, bounds, pixels, coverage)
    everywhere = np.zeros(document.shape[:2], coverage.dtype)
    everywhere[bounds.y : bounds.bottom, bounds.x : bounds.right] = coverage
    outside = everywhere == 0
    assert document[outside].tobytes() == before[outside].tobytes()
    inside = coverage == (np.iinfo(coverage.dtype).max if coverage.dtype.kind == "u" else 1)
    after = document[bounds.y : bounds.bottom, bounds.x : bounds.right]
    assert after[inside].tobytes() == pixels[inside].tobytes()


@pytest.mark.parametrize("depth", ["u1", "<u2"])
@pytest.mark.parametrize("coverage_depth", ["u1", "<u2"])
@given(st.data())
@settings(max_examples=60, deadline=None)
def test_integers_are_blended_exactly(depth, coverage_depth, data):
    full, most = int(np.iinfo(depth).max), int(np.iinfo(coverage_depth).max)
    old, new, weight = (data.draw(st.integers(0, limit)) for limit in (full, full, most))
    plane = np.full((1, 1, 1), old, depth), np.full((1, 1, 1), new, depth), np.full((1, 1), weight, coverage_depth)
    exact = old + (new - old) * Fraction(weight, most)
    assert abs(int(blend(*plane).item()) - exact) <= Fraction(1, 2)


@pytest.mark.parametrize("depth", DEPTHS)
@given(st.data())
@settings(max_examples=60, deadline=None)
def test_blends_lie_between_old_and_new(depth, data):
    old, new = (data.draw(hnp.arrays(depth, (2, 3, 2), elements=elements(depth))) for _ in range(2))
    coverage = data.draw(coverages(data.draw(st.sampled_from(COVERAGE_DEPTHS)), (2, 3)))
    mixed = blend(old, new, coverage)
    assert mixed.dtype == old.dtype
    values = (plane.astype(np.float64) for plane in (mixed, np.minimum(old, new), np.maximum(old, new)))
    middle, low, high = values
    rounding = 0 if old.dtype.kind == "u" else 1e-3 * np.maximum(abs(low), abs(high)) + 1e-7
    assert (middle >= low - rounding).all()
    assert (middle <= high + rounding).all()


@pytest.mark.parametrize("depth", DEPTHS)
def test_the_outside_survives_a_hundred_edits(depth):
    random = np.random.default_rng(7)
    scale = np.iinfo(depth).max if np.dtype(depth).kind == "u" else 4
    document = (random.random((61, 83, 4)) * scale).astype(depth)
    before = document.copy()
    touched = np.zeros(document.shape[:2], bool)
    for _ in range(100):
        x, y = int(random.integers(0, 83)), int(random.integers(0, 61))
        bounds = Bounds(x, y, int(random.integers(1, 84 - x)), int(random.integers(1, 62 - y)))
        pixels = (random.random((bounds.height, bounds.width, 4)) * scale).astype(depth)
        coverage = (random.integers(0, 256, pixels.shape[:2]) * (random.random(pixels.shape[:2]) < 0.02)).astype("u1")
        apply_patch(document, bounds, pixels, coverage)
        touched[y : bounds.bottom, x : bounds.right] |= coverage > 0
    assert 0.1 < touched.mean() < 0.9
    assert document[~touched].tobytes() == before[~touched].tobytes()
    assert (document[touched] != before[touched]).any()


def test_strips_give_the_same_as_one_piece(monkeypatch):
    random = np.random.default_rng(3)
    old, new = (random.integers(0, 65536, (37, 29, 3), "u2") for _ in range(2))
    coverage = random.random((37, 29), np.float32)
    whole, strips = old.copy(), old.copy()
    apply_patch(whole, Bounds(0, 0, 29, 37), new, coverage)
    monkeypatch.setattr(composite, "STRIP_SAMPLES", 200)
    apply_patch(strips, Bounds(0, 0, 29, 37), new, coverage)
    assert np.array_equal(whole, strips)


def test_without_coverage_the_patch_is_taken_as_it_is():
    document = np.zeros((4, 4, 3), "u1")
    apply_patch(document, Bounds(1, 1, 2, 2), np.full((2, 2, 3), 9, "u1"), None)
    assert document.sum() == 9 * 12


@pytest.mark.parametrize(
    ("bounds", "shape", "depth", "coverage"),
    [
        (Bounds(3, 3, 2, 2), (2, 2, 3), "u1", (2, 2)),
        (Bounds(-1, 0, 2, 2), (2, 2, 3), "u1", (2, 2)),
        (Bounds(0, 0, 2, 2), (2, 3, 3), "u1", (2, 2)),
        (Bounds(0, 0, 2, 2), (2, 2, 4), "u1", (2, 2)),
        (Bounds(0, 0, 2, 2), (2, 2, 3), "u2", (2, 2)),
        (Bounds(0, 0, 2, 2), (2, 2, 3), "u1", (2, 1)),
    ],
)
def test_a_patch_that_does_not_fit_changes_nothing(bounds, shape, depth, coverage):
    document = np.full((4, 4, 3), 7, "u1")
    with pytest.raises(ProtocolError) as caught:
        apply_patch(document, bounds, np.zeros(shape, depth), np.full(coverage, 255, "u1"))
    assert caught.value.info.fault is Fault.SERVER
    assert (document == 7).all()


def test_the_command_line_can_import_it_without_scipy_or_torch():
    code = "import sys, foveate_server.imaging.composite; print({'scipy', 'torch', 'PIL'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
