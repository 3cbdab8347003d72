"""Faces in one frame of reference expressed in another: parts of an image, scaled and turned by quarters."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, sin

import numpy as np
from numpy.typing import NDArray

from foveate_server.engines.values import Face


@dataclass(frozen=True)
class ViewPlacement:
    """How a view was made: the image was turned about its centre, a part cut out and scaled.

    Quarter turns swap width and height, as numpy.rot90 does; between them, the image keeps its extent.
    """

    turns: float = 0  # quarter turns counter-clockwise
    width: int = 0  # of the image, before turning; matters only where it is turned
    height: int = 0
    x: float = 0.0  # of the part's top left corner, in pixels of the turned image
    y: float = 0.0
    scale_x: float = 1.0  # pixels of the view per pixel of the turned image
    scale_y: float = 1.0

    def to_image(self, face: Face) -> Face:
        """Return a face of the view in pixels of the image. Its box stays upright: a diagonal one keeps its size."""
        x, y, width, height = face.box
        width, height = width / self.scale_x, height / self.scale_y
        ((center_x, center_y),) = self._points(np.array([(x + face.box[2] / 2, y + face.box[3] / 2)]))
        if round(self.turns - 0.25) % 2:  # sideways, or the diagonal after that
            width, height = height, width
        box = (float(center_x - width / 2), float(center_y - height / 2), width, height)
        points = tuple(
            (float(px), float(py)) for px, py in self._points(np.array(face.landmarks, float).reshape(-1, 2))
        )
        return Face(box, points, face.score)

    def _points(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        points = points / (self.scale_x, self.scale_y) + (self.x, self.y)
        center = np.array((self.width, self.height)) / 2
        turned_center = center[::-1] if self.turns % 2 == 1 else center
        angle = self.turns * pi / 2
        # The inverse of a turn counter-clockwise, where y runs down.
        back = np.array([(cos(angle), -sin(angle)), (sin(angle), cos(angle))])
        moved: NDArray[np.float64] = (points - turned_center) @ back.T + center
        return moved
