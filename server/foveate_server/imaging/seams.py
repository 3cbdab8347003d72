"""Measuring seams: whether a picture changes more across a line than it does elsewhere."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from foveate_server.imaging.samples import FloatArray


def seam_ratio(image: FloatArray, columns: Iterable[int] = (), rows: Iterable[int] = ()) -> float:
    """Return how much more a picture changes across tile lines than beside them.

    Parameters
    ----------
    image : (height, width) or (height, width, channels) float32
        In any unit.
    columns, rows : iterable of int
        The lines: one at column c lies between the pixels c - 1 and c.

    Returns
    -------
    ratio : float
        The gradient across the lines over the mean of those one and two pixels beside them; 1.0 means no seam. 1.0
        where neither changes at all or there are no lines, infinity where only the lines do.

    Notes
    -----
    The neighbourhood, not the whole picture, is the yardstick, because tile lines may happen to cross calm or busy
    parts.
    """
    on, off = 0.0, 0.0
    for axis, lines in ((1, list(columns)), (0, list(rows))):
        steps = _steps(image, axis)
        for line in lines:
            on += float(steps[line - 1])
            beside = [index for index in (line - 3, line - 2, line, line + 1) if 0 <= index < len(steps)]
            off += float(np.mean(steps[beside]))
    if not (on or off):
        return 1.0
    return on / off if off else float("inf")


def edge_jump(source: FloatArray, result: FloatArray, selected: NDArray[np.bool_]) -> float:
    """Return by how much the mean gradient across a selection's edge grew from `source` to `result`.

    Parameters
    ----------
    source, result : (height, width, channels) float32
        Of one extent and unit.
    selected : (height, width) bool
        Only steps between a selected and an unselected neighbour count.

    Returns
    -------
    jump : float
        In the images' own unit, 0 or less where no seam shows; 0.0 where there is no such step.
    """
    jumps = []
    for axis in (0, 1):
        crosses = np.diff(selected.astype(np.int8), axis=axis) != 0
        grown = _gradient(result, axis) - _gradient(source, axis)
        jumps.append(grown[crosses])
    all_jumps = np.concatenate(jumps)
    return float(all_jumps.mean()) if len(all_jumps) else 0.0


def _gradient(image: FloatArray, axis: int) -> FloatArray:
    step = np.abs(np.diff(image, axis=axis))
    return step if step.ndim == 2 else step.mean(axis=2)


def _steps(image: FloatArray, axis: int) -> FloatArray:
    """Return the mean gradient of each line between two columns (axis 1) or rows (axis 0)."""
    mean: FloatArray = _gradient(image, axis).mean(axis=1 - axis)
    return mean
