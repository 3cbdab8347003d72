"""Faces as face restorers know them: upright, of one size, and in one place of a square picture.

The networks were trained on pictures like those of FFHQ (Karras et al., 2019), aligned by five landmarks. A similarity
by least squares (Umeyama, 1991) brings a face there, and what the network made of it back.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from foveate_server.engines.values import Face, Image
from foveate_server.imaging.mask import smoothstep
from foveate_server.imaging.resize import Filter, resize
from foveate_shared.geometry import Extent

# The mean landmarks of aligned FFHQ pictures, in shares of the square's side: eyes, nose, corners of the mouth.
_TEMPLATE = np.array([[0.378, 0.470], [0.624, 0.470], [0.502, 0.614], [0.394, 0.726], [0.612, 0.726]])
_FEATHER = 1 / 16  # of the square's side: there the result fades into what was
_LEAST_SPREAD = 2.0  # image px, of the landmarks: of less, no alignment can be told


@dataclass(frozen=True)
class Similarity:
    """Turns, scales and moves points (x, y): `matrix @ point + shift`. Points of pixel (0, 0) are 0 to 1."""

    matrix: NDArray[np.float64]  # (2, 2): a rotation times a scale
    shift: NDArray[np.float64]  # (2,)

    @property
    def scale(self) -> float:
        """Return how much longer lengths become."""
        return float(np.hypot(*self.matrix[0]))

    @property
    def inverse(self) -> Similarity:
        """Return what undoes it."""
        matrix = np.linalg.inv(self.matrix).astype(np.float64)
        return Similarity(matrix, -matrix @ self.shift)

    def scaled(self, factor: float) -> Similarity:
        """Return it for an image and a result that are both enlarged by `factor`."""
        return Similarity(self.matrix, self.shift * factor)

    def __call__(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where `points`, (..., 2), come to lie."""
        return points @ self.matrix.T + self.shift


def aligning(face: Face, side: int) -> Similarity | None:
    """Return what brings `face` (image pixels) to its place in a square of `side` pixels; None where nothing can."""
    source, target = np.array(face.landmarks, np.float64), _TEMPLATE * side
    if source.shape != target.shape or not np.isfinite(source).all() or source.std() < _LEAST_SPREAD:
        return None
    centre, wanted = source.mean(axis=0), target.mean(axis=0)
    # In the plane, the best rotation times scale is a complex number.
    a, b = (points @ np.array([1, 1j]) for points in (source - centre, target - wanted))
    factor = np.vdot(a, b) / np.vdot(a, a).real
    matrix = np.array([[factor.real, -factor.imag], [factor.imag, factor.real]])
    return Similarity(matrix, wanted - matrix @ centre)


def aligned(image: Image, similarity: Similarity, side: int) -> Image:
    """Return the square of `side` pixels, (side, side, 3), that `similarity` makes of `image`; edges are repeated."""
    return _warped(image, similarity, Extent(side, side))


def put_back(square: Image, image: Image, similarity: Similarity) -> Image:
    """Return `image` with what `square`, of the aligned face, shows in it, faded out towards the square's borders.

    `similarity` is that of the two as they are: where the network enlarged, not the one that it saw the face with.
    """
    height, width = image.shape[:2]
    side = square.shape[0]
    returned = _warped(square, similarity.inverse, Extent(width, height))
    columns, rows = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    places = similarity(np.stack([columns, rows], axis=-1))
    depth = np.minimum(places, side - places).min(axis=-1)
    weight = smoothstep(depth / (_FEATHER * side))[..., np.newaxis]
    result: Image = image + weight * (returned - image)
    return result


def _warped(image: Image, similarity: Similarity, extent: Extent) -> Image:
    """Return `extent` pixels of what `similarity` makes of `image`; cubic, averaged where it becomes smaller."""
    height, width = image.shape[:2]
    if similarity.scale < 1:
        smaller = Extent(max(1, round(width * similarity.scale)), max(1, round(height * similarity.scale)))
        ratio = np.array([smaller.width / width, smaller.height / height])
        image = resize(image, smaller, Filter.BICUBIC)
        similarity = Similarity(similarity.matrix / ratio, similarity.shift)
    matrix = np.linalg.inv(similarity.matrix)
    # Of indices (row, column), which are half a pixel less than places.
    offset = matrix @ (0.5 - similarity.shift) - 0.5
    planes = [
        scipy.ndimage.affine_transform(
            image[..., channel],
            matrix[::-1, ::-1],
            offset[::-1],
            output_shape=(extent.height, extent.width),
            order=3,
            mode="nearest",
        )
        for channel in range(image.shape[2])
    ]
    return np.ascontiguousarray(np.stack(planes, axis=-1), np.float32)
