"""The named colour spaces of the protocol, and the matrices from primaries to linear sRGB."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from foveate_server.imaging import transfer
from foveate_server.imaging.transfer import Curve

Matrix = NDArray[np.float64]  # (3, 3), applied to column vectors
Chromaticity = tuple[float, float]  # CIE 1931 x, y

D65: Chromaticity = (0.3127, 0.3290)
ACES_WHITE: Chromaticity = (0.32168, 0.33767)

#: The connection space's white as ICC profiles write it (ICC.1:2022, 6.3.4.3).
PCS_WHITE = np.array([0.9642, 1.0, 0.8249])

_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


@dataclass(frozen=True)
class RgbSpace:
    """An RGB space: the chromaticities of its primaries and white, and its transfer curve."""

    red: Chromaticity
    green: Chromaticity
    blue: Chromaticity
    white: Chromaticity
    curve: Curve

    def to_linear_srgb(self) -> Matrix:
        """Return the matrix from this space's light to linear sRGB's, adapted to D65 by :func:`adaptation`.

        Returns
        -------
        matrix : (3, 3) float64
            For column vectors.
        """
        own = primaries_to_xyz(self.red, self.green, self.blue, self.white)
        adapted = adaptation(white_xyz(self.white), white_xyz(D65)) @ own
        return np.linalg.inv(srgb_to_xyz()) @ adapted


REC709 = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06), D65)
P3 = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), D65)
REC2020 = ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), D65)

RGB_SPACES: dict[str, RgbSpace] = {
    "srgb": RgbSpace(*REC709, transfer.SRGB),
    "srgb-linear": RgbSpace(*REC709, transfer.LINEAR),
    "display-p3": RgbSpace(*P3, transfer.SRGB),
    "display-p3-linear": RgbSpace(*P3, transfer.LINEAR),
    "rec2020-linear": RgbSpace(*REC2020, transfer.LINEAR),
    "adobe-rgb": RgbSpace((0.64, 0.33), (0.21, 0.71), (0.15, 0.06), D65, transfer.ADOBE_RGB),
    "acescg": RgbSpace((0.713, 0.293), (0.165, 0.830), (0.128, 0.044), ACES_WHITE, transfer.LINEAR),
}

GRAY_SPACES: dict[str, Curve] = {
    "gray-gamma22": transfer.GAMMA_22,
    "gray-linear": transfer.LINEAR,
    "gray-srgb": transfer.SRGB,
}


def white_xyz(white: Chromaticity) -> NDArray[np.float64]:
    """Return the XYZ of a white with Y = 1.

    Parameters
    ----------
    white : (x, y)
        CIE 1931 chromaticity; y is not 0.

    Returns
    -------
    xyz : (3,) float64
    """
    x, y = white
    return np.array([x / y, 1.0, (1 - x - y) / y])


def primaries_to_xyz(red: Chromaticity, green: Chromaticity, blue: Chromaticity, white: Chromaticity) -> Matrix:
    """Return the matrix from linear RGB to XYZ relative to `white`.

    Parameters
    ----------
    red, green, blue, white : (x, y)
        CIE 1931 chromaticities; the primaries do not lie on a line.

    Returns
    -------
    matrix : (3, 3) float64
        For column vectors; R = G = B = 1 gives the white with Y = 1.

    References
    ----------
    .. [1] SMPTE RP 177-1993, "Derivation of Basic Television Color Equations".
    """
    columns = np.array([white_xyz(primary) for primary in (red, green, blue)]).T
    scaled: Matrix = columns * np.linalg.solve(columns, white_xyz(white))
    return scaled


def adaptation(source: NDArray[np.float64], target: NDArray[np.float64]) -> Matrix:
    """Return the Bradford matrix that adapts XYZ from one white to another.

    Parameters
    ----------
    source, target : (3,) float64
        XYZ of the whites.

    Returns
    -------
    matrix : (3, 3) float64
        For column vectors; it takes `source` to `target`.

    References
    ----------
    .. [1] Specification ICC.1:2022. https://www.color.org/specification/ICC.1-2022-05.pdf
    """
    gain = (_BRADFORD @ target) / (_BRADFORD @ source)
    adapted: Matrix = np.linalg.inv(_BRADFORD) @ (gain[:, np.newaxis] * _BRADFORD)
    return adapted


def srgb_to_xyz() -> Matrix:
    """Return the matrix from linear sRGB to XYZ relative to D65.

    Returns
    -------
    matrix : (3, 3) float64
        For column vectors.
    """
    return primaries_to_xyz(*REC709)


def pcs_to_linear_srgb() -> Matrix:
    """Return the matrix from an ICC profile's connection space to linear sRGB.

    Returns
    -------
    matrix : (3, 3) float64
        For column vectors of XYZ relative to D50 (`PCS_WHITE`), adapted to D65 by :func:`adaptation`.
    """
    return np.linalg.inv(srgb_to_xyz()) @ adaptation(PCS_WHITE, white_xyz(D65))
