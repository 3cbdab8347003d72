"""Transfer curves: encoded values <-> light, in float, odd around 0 and continued beyond 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from foveate_server.imaging.samples import FloatArray


class Curve(Protocol):
    """A monotone curve from encoded values to light, both nominally 0..1."""

    def to_light(self, encoded: FloatArray) -> FloatArray:
        """Return the light of encoded values.

        Parameters
        ----------
        encoded : float32, any shape
            Nominally 0..1.

        Returns
        -------
        light : float32, of the same shape
            Nominally 0..1; negative values mirror positive ones, and the curve goes on beyond 1.
        """

    def to_encoded(self, light: FloatArray) -> FloatArray:
        """Return the encoded values of light: the inverse of :meth:`to_light`.

        Parameters
        ----------
        light : float32, any shape
            Nominally 0..1.

        Returns
        -------
        encoded : float32, of the same shape
            Where a curve is level or jumps, no value is the only one: see the classes.
        """


@dataclass(frozen=True)
class Parametric:
    """`(a x + b) ** g + e` from `d` on, `c x + f` below: ICC.1:2022 10.18, which all function types reduce to."""

    g: float
    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 0.0
    e: float = 0.0
    f: float = 0.0

    def to_light(self, encoded: FloatArray) -> FloatArray:
        """Return the light of encoded values; negative ones mirror positive ones."""
        x = np.abs(encoded)
        power = np.maximum(np.float32(self.a) * x + np.float32(self.b), 0) ** np.float32(self.g) + np.float32(self.e)
        line = np.float32(self.c) * x + np.float32(self.f)
        return _signed(np.where(x >= np.float32(self.d), power, line), encoded)

    def to_encoded(self, light: FloatArray) -> FloatArray:
        """Return the encoded values of light; what lies in the gap of a curve with a jump goes to the joint."""
        y = np.abs(light)
        joint = max(self.a * self.d + self.b, 0.0) ** self.g + self.e
        root = np.maximum(y - np.float32(self.e), 0) ** np.float32(1 / self.g)
        power = (root - np.float32(self.b)) / np.float32(self.a)
        line = np.clip((y - np.float32(self.f)) / np.float32(self.c), 0, self.d) if self.c else np.float32(self.d)
        return _signed(np.where(y >= np.float32(joint), power, line), light)


@dataclass(frozen=True)
class Table:
    """Samples of a curve at equal distances from 0 to 1, joined by lines; beyond 1 its last line goes on."""

    values: tuple[float, ...]  # never falling, at least two, the last above the first

    def to_light(self, encoded: FloatArray) -> FloatArray:
        """Return the light of encoded values; negative ones mirror positive ones."""
        x = np.abs(encoded)
        inside = np.interp(x, np.linspace(0, 1, len(self.values)), self.values)
        beyond = np.maximum(x - 1, 0) * self._last_slope
        return _signed(inside + beyond, encoded)

    def to_encoded(self, light: FloatArray) -> FloatArray:
        """Return the encoded values of light; where the curve is level, the end nearest to its rise."""
        values = np.asarray(self.values)
        positions = np.linspace(0, 1, len(values))
        rising = np.append(True, np.diff(values) > 0)
        rising[:-1] |= rising[1:]  # the last point of a level run starts the next rise
        y = np.abs(light)
        inside = np.interp(y, values[rising], positions[rising])
        beyond = np.maximum(y - values[-1], 0) / self._last_slope
        return _signed(inside + beyond, light)

    @property
    def _last_slope(self) -> float:
        # Over the last sixteenth: a single step of a fine table is mostly rounding.
        steps = max(1, (len(self.values) - 1) // 16)
        rise = self.values[-1] - self.values[-1 - steps]
        return max(rise * (len(self.values) - 1) / steps, 1e-3)


LINEAR = Parametric(1.0)
SRGB = Parametric(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)  # IEC 61966-2-1
GAMMA_22 = Parametric(2.2)
REC709 = Parametric(1 / 0.45, 1 / 1.099, 0.099 / 1.099, 1 / 4.5, 0.081)  # Rec. ITU-R BT.709-6, 1.2, inverted
ADOBE_RGB = Parametric(563 / 256)  # Adobe RGB (1998) Color Image Encoding, 4.3.4.2


@dataclass(frozen=True)
class LightnessCurve:
    """A curve that gives CIE lightness (as L* / 100) rather than light: grey profiles with Lab as connection space."""

    inner: Curve

    def to_light(self, encoded: FloatArray) -> FloatArray:
        """Return the relative luminance of encoded values."""
        return _LIGHTNESS.to_light(self.inner.to_light(encoded))

    def to_encoded(self, light: FloatArray) -> FloatArray:
        """Return the encoded values of relative luminance."""
        return self.inner.to_encoded(_LIGHTNESS.to_encoded(light))


_LIGHTNESS = Parametric(3.0, 1 / 1.16, 0.16 / 1.16, 2700 / 24389, 0.08)  # CIE 1976 L*, inverted


def _signed(magnitude: NDArray[Any], sign: FloatArray) -> FloatArray:
    signed: FloatArray = np.copysign(magnitude, sign).astype(np.float32, copy=False)
    return signed
