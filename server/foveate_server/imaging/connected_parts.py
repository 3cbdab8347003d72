"""The parts that a selection falls into: what is connected, down to a size, and at most so many."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from foveate_server.imaging.samples import FloatArray
from foveate_shared.geometry import Bounds

LEAST_SIDE = 16  # document pixels: what is smaller both ways belongs to its nearest neighbour
MOST_PARTS = 64  # neighbours are joined beyond that
_MOST_COMPARED = 1024  # parts that are joined one by one; of more, the smallest count as specks
_NEIGHBOURS = np.ones((3, 3), int)  # pixels that touch at a corner are connected

Labels = NDArray[np.int32]


@dataclass(frozen=True)
class PartMap:
    """Which part of a selection each place belongs to, as a coarse map: cells that evenly cover the region."""

    region: Bounds  # document pixels
    labels: Labels  # (rows, columns) of cells: 1 to `count`; every cell belongs to the part that is nearest
    covered: NDArray[np.bool_]  # likewise: where anything is selected
    count: int  # of parts, from left to right; 0 where nothing is selected

    @cached_property
    def bounds(self) -> tuple[Bounds, ...]:
        """Return what each part covers, in document pixels, a cell wider where cells are coarse."""
        found = scipy.ndimage.find_objects(np.where(self.covered, self.labels, 0), max_label=self.count)
        return tuple(self._bounds_of(slices) for slices in found)

    def mask(self, part: int, bounds: Bounds) -> NDArray[np.bool_]:
        """Return whether each pixel of `bounds` (document pixels) belongs to a part, counted from 1."""
        rows = self._cells(np.arange(bounds.y, bounds.bottom), self.region.y, self.region.height, 0)
        columns = self._cells(np.arange(bounds.x, bounds.right), self.region.x, self.region.width, 1)
        belongs: NDArray[np.bool_] = self.labels[np.ix_(rows, columns)] == part
        return belongs

    def _cells(self, pixels: NDArray[Any], start: int, length: int, axis: int) -> NDArray[Any]:
        count = self.labels.shape[axis]
        cells: NDArray[Any] = np.clip((pixels - start) * count // length, 0, count - 1)
        return cells

    def _bounds_of(self, slices: tuple[slice, slice]) -> Bounds:
        rows, columns = self.labels.shape
        region, (across, down) = self.region, (self.region.width / columns, self.region.height / rows)
        spare = int(max(across, down) > 1)  # what is selected so faintly that a coarse cell does not show it
        return Bounds.from_edges(
            region.x + int((slices[1].start - spare) * across),
            region.y + int((slices[0].start - spare) * down),
            region.x - int(-(slices[1].stop + spare) * across // 1),
            region.y - int(-(slices[0].stop + spare) * down // 1),
        ).intersect(region)


def find_parts(coverage: FloatArray, region: Bounds) -> PartMap:
    """Return the parts of a selection.

    Parameters
    ----------
    coverage
        (rows, columns) in 0..1, evenly over `region`, at its own size or coarser; anything above 0 is selected.
    region
        In document pixels.

    Returns
    -------
    What is connected, also at corners, and at least LEAST_SIDE pixels across in one direction is a part. What is
    smaller belongs to the part that is nearest; where there are more than MOST_PARTS, the smallest are joined with
    their nearest neighbours. The same coverage always gives the same parts.

    """
    covered = coverage > 0
    labels, count = scipy.ndimage.label(covered, structure=_NEIGHBOURS)
    if not count:
        return PartMap(region, np.zeros(covered.shape, np.int32), covered, 0)
    large = _large(labels, region)
    if not large.any():  # specks alone: they are one part together
        return PartMap(region, np.ones(covered.shape, np.int32), covered, 1)
    owners = np.where(large, np.arange(1, count + 1), 0)
    kept = np.concatenate([[0], owners])[labels]
    nearest = scipy.ndimage.distance_transform_edt(kept == 0, return_distances=False, return_indices=True)
    everywhere = kept[tuple(nearest)]
    joined = _joined(np.where(covered, everywhere, 0), owners[owners > 0])
    return PartMap(region, joined[everywhere], covered, int(joined.max()))


def _large(labels: Labels, region: Bounds) -> NDArray[np.bool_]:
    """Tell of each label, from 1, whether it is a part: not too small, and not one too many to be looked at."""
    across, down = region.width / labels.shape[1], region.height / labels.shape[0]
    sides = [
        max((columns.stop - columns.start) * across, (rows.stop - rows.start) * down)
        for rows, columns in scipy.ndimage.find_objects(labels)
    ]
    large = np.asarray(sides) >= LEAST_SIDE
    if large.sum() > _MOST_COMPARED:
        areas = np.where(large, np.bincount(labels.ravel())[1:], 0)
        large[np.argsort(-areas, kind="stable")[_MOST_COMPARED:]] = False
    return large


def _joined(labels: Labels, owners: NDArray[Any]) -> Labels:
    """Return for each label the number of its part, from left to right, at most MOST_PARTS of them."""
    areas = np.bincount(labels.ravel(), minlength=int(owners.max()) + 1)[owners].astype(float)
    centers = np.asarray(scipy.ndimage.center_of_mass(labels > 0, labels, owners))  # (row, column)
    part_of = np.arange(len(owners))
    alive = np.ones(len(owners), bool)
    while alive.sum() > MOST_PARTS:
        smallest = int(np.argmin(np.where(alive, areas, np.inf)))
        distances = ((centers - centers[smallest]) ** 2).sum(axis=1)
        distances[~alive] = np.inf
        distances[smallest] = np.inf
        nearest = int(np.argmin(distances))
        total = areas[smallest] + areas[nearest]
        centers[nearest] = (centers[smallest] * areas[smallest] + centers[nearest] * areas[nearest]) / total
        areas[nearest] = total
        alive[smallest] = False
        part_of[part_of == smallest] = nearest
    order = sorted(np.flatnonzero(alive), key=lambda part: (centers[part][1], centers[part][0]))
    numbers = {part: number for number, part in enumerate(order, 1)}
    table = np.zeros(int(owners.max()) + 1, np.int32)
    table[owners] = [numbers[part] for part in part_of]
    return table
