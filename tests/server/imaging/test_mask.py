import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from foveate_server.imaging import mask
from foveate_shared.errors import InputError
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.pixels import COVERAGE_U8, Channels, PixelFormat, SampleType

COVERAGES = hnp.arrays(
    np.float32, st.tuples(st.integers(1, 24), st.integers(1, 24)), elements=st.floats(0, 1, width=32)
)
BLOBS = hnp.arrays(bool, (24, 24)).map(lambda plane: plane.astype(np.float32))


def whole(coverage):
    return Extent(coverage.shape[1], coverage.shape[0])


@given(st.one_of(COVERAGES, BLOBS), st.integers(0, 12), st.booleans())
@settings(max_examples=80, deadline=None)
def test_feathering_never_grows_and_never_empties(coverage, width, within):
    extent = whole(coverage)
    document = Extent(100, 100) if within else extent
    window = extent.bounds.moved(10, 10) if within else extent.bounds
    feathered = mask.feather_inwards(coverage, width, window=window, document=document)
    assert feathered.dtype == np.float32
    assert (feathered <= coverage).all()
    assert ((feathered > 0) == (coverage > 0)).all()


def test_the_effect_fades_from_the_edge_and_is_full_inside():
    document, window, region = Extent(100, 100), Bounds(10, 10, 60, 60), Bounds(20, 20, 40, 40)
    feathered = mask.feather_inwards(mask.rectangle(region, window), 5, window=window, document=document)
    profile = feathered[30, :31]
    assert (profile[:10] == 0).all()
    assert (np.diff(profile[9:16]) > 0).all()
    assert (profile[15:] == 1).all()
    assert np.allclose(feathered, feathered[::-1, ::-1].T)


@pytest.mark.parametrize("edge", ["top", "bottom", "left", "right"])
def test_the_borders_of_the_document_are_not_feathered(edge):
    document = Extent(40, 30)
    region = {
        "top": Bounds(10, 0, 20, 15),
        "bottom": Bounds(10, 15, 20, 15),
        "left": Bounds(0, 10, 20, 10),
        "right": Bounds(20, 10, 20, 10),
    }[edge]
    feathered = mask.feather_inwards(
        mask.rectangle(region, document.bounds), 3, window=document.bounds, document=document
    )
    line = {"top": feathered[0, 20], "bottom": feathered[-1, 20], "left": feathered[15, 0], "right": feathered[15, -1]}
    assert line[edge] == 1
    assert 0 < feathered[feathered > 0].min() < 0.3


def test_all_of_a_document_is_not_feathered():
    full = np.ones((20, 30), np.float32)
    assert (mask.feather_inwards(full, 6, window=Bounds(0, 0, 30, 20), document=Extent(30, 20)) == 1).all()


def test_a_window_that_ends_where_the_selection_goes_on_fades_there():
    full = np.ones((20, 20), np.float32)
    feathered = mask.feather_inwards(full, 4, window=Bounds(10, 10, 20, 20), document=Extent(40, 40))
    assert feathered[10, 0] < 0.2
    assert feathered[10, 10] == 1


def test_a_soft_selection_keeps_its_own_slope():
    ramp = np.clip((np.arange(60, dtype=np.float32) - 5) / 40, 0, 1)
    coverage = np.broadcast_to(ramp, (60, 60)).copy()
    feathered = mask.feather_inwards(coverage, 4, window=Bounds(0, 0, 60, 60), document=Extent(60, 60))
    assert np.array_equal(feathered[30, 15:], coverage[30, 15:])


@pytest.mark.parametrize(("side", "width"), [(1, 0), (15, 0), (16, 1), (100, 6), (5000, 48)])
def test_the_feather_follows_the_size_of_the_region(side, width):
    assert mask.feather_width(Bounds(0, 0, side, 2 * side)) == width


@given(COVERAGES, st.sampled_from([SampleType.U8, SampleType.U16, SampleType.F32]))
@settings(max_examples=60, deadline=None)
def test_coverage_survives_its_encoding(coverage, dtype):
    pixel_format = PixelFormat(dtype, Channels.Y)
    back = mask.decode_coverage(mask.encode_coverage(coverage, pixel_format), pixel_format, whole(coverage))
    step = {SampleType.U8: 0.5 / 255, SampleType.U16: 0.5 / 65535, SampleType.F32: 0}[dtype]
    assert np.abs(back - coverage).max() <= step + 1e-7
    assert (back[coverage == 0] == 0).all()
    assert (back[coverage == 1] == 1).all()


@pytest.mark.parametrize(
    ("document", "coverage"),
    [("u8", SampleType.U8), ("u16", SampleType.U16), ("f16", SampleType.F32), ("f32", SampleType.F32)],
)
def test_coverage_is_as_fine_as_the_document(document, coverage):
    assert mask.coverage_format(PixelFormat(SampleType(document), Channels.RGBA)).dtype is coverage


def test_bad_coverage_is_refused():
    with pytest.raises(InputError, match="one channel"):
        mask.decode_coverage(bytes(3), PixelFormat(SampleType.U8, Channels.RGB), Extent(1, 1))
    with pytest.raises(InputError, match="bytes"):
        mask.decode_coverage(bytes(3), COVERAGE_U8, Extent(1, 1))
    with pytest.raises(InputError, match="NaN"):
        mask.coverage_from_samples(np.array([[np.nan]], np.float32))


@given(BLOBS)
@settings(max_examples=40, deadline=None)
def test_covered_bounds_are_tight(coverage):
    bounds = mask.covered_bounds(coverage, Bounds(7, 3, 24, 24))
    ys, xs = np.nonzero(coverage)
    if len(xs):
        assert bounds == Bounds.from_edges(7 + xs.min(), 3 + ys.min(), 8 + xs.max(), 4 + ys.max())
    else:
        assert bounds.is_empty
