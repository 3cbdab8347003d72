"""Reducing a window before it is sent: each sample of the result is the mean over the area that it stands for."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from foveate_shared.geometry import Extent


def reduce_area(samples: NDArray[Any], extent: Extent) -> NDArray[Any]:
    """Return (height, width, channels) samples at a smaller `extent`, in their own dtype.

    Exact area averaging also where the ratio is no whole number, so that nothing shifts. Takes memory for a few rows.
    """
    height, _, channels = samples.shape
    reduced = np.empty((extent.height, extent.width, channels), samples.dtype)
    for row in range(extent.height):
        rows = _weighted_mean(samples, row * height / extent.height, (row + 1) * height / extent.height)
        means = _mean_columns(rows, extent.width)
        reduced[row] = np.rint(means) if samples.dtype.kind == "u" else means
    return reduced


def _weighted_mean(samples: NDArray[Any], top: float, bottom: float) -> NDArray[np.float64]:
    """Return the mean of the rows from `top` to `bottom`, which may begin and end within a row."""
    first, last = math.floor(top), min(math.ceil(bottom), len(samples))
    weights = np.ones(last - first)
    weights[0] -= top - first
    weights[-1] -= last - bottom
    total: NDArray[np.float64] = np.tensordot(weights, samples[first:last].astype(np.float64), axes=1)
    mean: NDArray[np.float64] = total / weights.sum()
    return mean


def _mean_columns(row: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Return a (width, channels) row averaged to `count` columns, by differences of its running sum."""
    width = len(row)
    sums = np.concatenate([np.zeros((1, row.shape[1])), np.cumsum(row, axis=0)])
    edges = np.linspace(0, width, count + 1)
    whole = np.minimum(edges.astype(int), width - 1)
    at_edges = sums[whole] + (edges - whole)[:, np.newaxis] * row[whole]
    means: NDArray[np.float64] = np.diff(at_edges, axis=0) * (count / width)
    return means
