import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from foveate_server.picture_files.reduce_area import reduce_area
from foveate_shared.geometry import Extent


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 5),
    st.integers(1, 5),
    st.integers(1, 4).flatmap(lambda c: hnp.arrays(np.uint16, st.tuples(st.just(6), st.just(5), st.just(c)))),
)
def test_whole_ratios_give_the_means_of_blocks(factor_x, factor_y, blocks):
    enlarged = blocks.repeat(factor_y, axis=0).repeat(factor_x, axis=1)
    np.testing.assert_array_equal(reduce_area(enlarged, Extent(5, 6)), blocks)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 255))
def test_flat_pictures_stay_flat_at_any_ratio(width, height, value):
    flat = np.full((40, 40, 2), value, np.uint8)
    assert (reduce_area(flat, Extent(width, height)) == value).all()


@pytest.mark.parametrize("size", [7, 13, 31])
def test_nothing_shifts_at_broken_ratios(size):
    ramp = np.broadcast_to(np.arange(100, dtype=np.float32)[None, :, None], (100, 100, 1))
    reduced = reduce_area(ramp, Extent(size, size))[0, :, 0]
    centers = (np.arange(size) + 0.5) * 100 / size - 0.5
    np.testing.assert_allclose(reduced, centers, atol=0.26)
