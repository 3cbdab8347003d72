"""What a selection falls into, with shapes as people select them."""

import numpy as np
import pytest

from foveate_server.imaging.connected_parts import LEAST_SIDE, MOST_PARTS, find_parts
from foveate_shared.geometry import Bounds


def parts_of(coverage, region=None):
    height, width = coverage.shape
    return find_parts(coverage.astype(np.float32), region or Bounds(0, 0, width, height))


def disc(shape, x, y, radius):
    rows, columns = np.indices(shape)
    return (columns - x) ** 2 + (rows - y) ** 2 <= radius**2


def owned(found, coverage):
    """Return which part each selected pixel belongs to, 0 where nothing is selected; all have exactly one."""
    region = found.region
    masks = [found.mask(part, region) for part in range(1, found.count + 1)]
    assert np.array_equal(sum(mask.astype(int) for mask in masks), np.ones(coverage.shape, int))
    for mask, bounds in zip(masks, found.bounds, strict=True):
        rows, columns = np.nonzero(mask & (coverage > 0))
        assert bounds.x <= columns.min() + region.x
        assert columns.max() + region.x < bounds.right
        assert bounds.y <= rows.min() + region.y
        assert rows.max() + region.y < bounds.bottom
    return sum(number * mask for number, mask in enumerate(masks, 1)) * (coverage > 0)


def test_nothing_has_no_parts():
    found = parts_of(np.zeros((20, 30)))
    assert (found.count, found.bounds) == (0, ())


def test_one_shape_is_one_part():
    coverage = disc((60, 80), 40, 30, 20)
    found = parts_of(coverage)
    assert found.bounds == (Bounds(20, 10, 41, 41),)
    assert (owned(found, coverage) == coverage).all()


def test_four_wheels_count_from_left_to_right():
    coverage = np.zeros((100, 400))
    for x, y in ((350, 60), (40, 50), (150, 70), (250, 40)):
        coverage[disc(coverage.shape, x, y, 25)] = 1
    found = parts_of(coverage)
    assert [bounds.x for bounds in found.bounds] == [15, 125, 225, 325]
    assert np.unique(owned(found, coverage)).tolist() == [0, 1, 2, 3, 4]


def test_the_hands_of_a_clock_lie_within_its_rim():
    """Their bounds overlap; every pixel still belongs to one of them."""
    shape = (201, 201)
    rim = disc(shape, 100, 100, 95) & ~disc(shape, 100, 100, 85)
    hands = np.zeros(shape, bool)
    hands[40:100, 98:103] = True
    hands[98:103, 110:160] = True
    found = parts_of((rim | hands).astype(float))
    assert found.count == 3
    owners = owned(found, rim | hands)
    assert len(set(owners[rim])) == 1
    assert len(set(owners[40:100, 98:103].ravel())) == 1
    assert len(set(owners[98:103, 110:160].ravel())) == 1


def test_corners_connect():
    coverage = np.kron(np.eye(4), np.ones((8, 8)))
    assert parts_of(coverage).count == 1


def test_soft_edges_connect():
    coverage = np.zeros((20, 80))
    coverage[:, :30] = coverage[:, 50:] = 1
    coverage[10, 30:50] = 0.01
    assert parts_of(coverage).count == 1


def test_specks_belong_to_what_is_nearest():
    coverage = np.zeros((60, 200))
    coverage[20:40, 10:40] = coverage[20:40, 150:190] = 1
    coverage[5, 60] = coverage[50, 120] = coverage[30, 199] = 1
    found = parts_of(coverage)
    assert found.count == 2
    owners = owned(found, coverage)
    assert (owners[5, 60], owners[50, 120], owners[30, 199]) == (1, 2, 2)


def test_specks_alone_are_one_part():
    coverage = np.zeros((50, 50))
    coverage[::10, ::10] = 1
    found = parts_of(coverage)
    assert found.bounds == (Bounds(0, 0, 41, 41),)


@pytest.mark.parametrize(("side", "count"), [(LEAST_SIDE - 1, 1), (LEAST_SIDE, 2)])
def test_a_part_is_so_many_pixels_across(side, count):
    coverage = np.zeros((40, 120))
    coverage[5:35, 5:35] = 1
    coverage[10 : 10 + side, 80:83] = 1
    assert parts_of(coverage).count == count


def test_a_hundred_parts_are_joined_to_as_many_as_are_allowed():
    coverage = np.kron(np.ones((10, 10)), np.pad(np.ones((20, 20)), 5))
    found = parts_of(coverage)
    assert found.count == MOST_PARTS
    owners = owned(found, coverage)
    sizes = np.bincount(owners.ravel())[1:]
    assert set(sizes) <= {400, 800}  # a neighbour each, never a heap
    first = [found.mask(part, found.region) for part in range(1, found.count + 1)]
    again = parts_of(coverage)
    assert all(np.array_equal(mask, again.mask(part, found.region)) for part, mask in enumerate(first, 1))


def test_thousands_of_parts_are_no_work():
    coverage = np.kron(np.ones((60, 60)), np.pad(np.ones((16, 16)), 1))
    assert parts_of(coverage).count == MOST_PARTS


def test_a_coarse_map_is_as_good():
    """Cells of 4 by 4 pixels, over a region that does not begin at the origin."""
    region = Bounds(1000, 500, 400, 200)
    fine = np.zeros((200, 400))
    fine[20:60, 30:90] = fine[100:180, 300:390] = 1
    coarse = fine.reshape(50, 4, 100, 4).mean(axis=(1, 3))
    found = find_parts(coarse.astype(np.float32), region)
    assert found.count == 2
    assert found.bounds[0].contains(Bounds(1030, 520, 60, 40))
    assert found.bounds[1].contains(Bounds(1300, 600, 90, 80))
    assert (found.bounds[0].width, found.bounds[1].height) <= (60 + 16, 80 + 16)
    owners = owned(found, fine)
    assert (set(owners[20:60, 30:90].ravel()), set(owners[100:180, 300:390].ravel())) == ({1}, {2})
