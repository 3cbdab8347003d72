"""From CenterFace's maps to faces.

The network is that of Xu et al., "CenterFace: Joint Face Detection and Alignment Using Face as Point", 2019. Its four
outputs are a heat map of centres, the log of sizes, offsets of centres, and landmarks.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from foveate_server.engines.values import Face

STRIDE = 4  # pixels of the network's input per cell of its maps
_LANDMARKS = 5


class Maps(NamedTuple):
    """What the network gives for an input of (height, width) pixels; cells are STRIDE pixels wide."""

    heat: NDArray[np.float32]  # (h, w): how likely a cell holds a face's centre, 0..1
    log_size: NDArray[np.float32]  # (2, h, w): log of the face's height and width, in cells
    offset: NDArray[np.float32]  # (2, h, w): of the centre within its cell, y and x, in cells
    landmarks: NDArray[np.float32]  # (10, h, w): y and x of each landmark, as a share of the box, from its top left


def decode(maps: Maps, min_score: float) -> list[Face]:
    """Return the faces whose centre is a peak of the heat map of at least `min_score`, in the network's input.

    Peaks are the largest cell among their eight neighbours; neighbouring cells of one face come out as one.
    """
    peaks = (maps.heat >= min_score) & (maps.heat == scipy.ndimage.maximum_filter(maps.heat, 3, mode="constant"))
    return [_face(maps, int(row), int(column)) for row, column in np.argwhere(peaks)]


def is_plausible(face: Face) -> bool:
    """Tell whether the landmarks can be those of a face that stands upright: eyes above the mouth, all near the box.

    What looks like a face to the network but is none (a knot in wood, a plate) often fails this.
    """
    x, y, width, height = face.box
    points = np.array(face.landmarks)
    inside = (points > (x - width / 4, y - height / 4)) & (points < (x + width * 1.25, y + height * 1.25))
    eyes, mouth = points[:2], points[3:]
    return bool(inside.all() and eyes[:, 1].mean() + 0.1 * height < mouth[:, 1].mean() and eyes[0, 0] < eyes[1, 0])


def _face(maps: Maps, row: int, column: int) -> Face:
    height, width = (float(value) * STRIDE for value in np.exp(maps.log_size[:, row, column]))
    offset_y, offset_x = (float(value) for value in maps.offset[:, row, column])
    left = (column + offset_x + 0.5) * STRIDE - width / 2
    top = (row + offset_y + 0.5) * STRIDE - height / 2
    shares = maps.landmarks[:, row, column].astype(float).reshape(_LANDMARKS, 2)
    landmarks = tuple((left + float(x) * width, top + float(y) * height) for y, x in shares)
    return Face((left, top, width, height), landmarks, float(maps.heat[row, column]))
