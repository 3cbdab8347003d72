"""The document's colours <-> the working space that networks see: sRGB-encoded float32 RGB.

Nothing is clipped: what lies beyond 0..1 (brighter than white, or outside of the gamut of sRGB) goes through a
logarithmic shoulder, which is the identity within 0..1 and exactly reversible beyond.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from foveate_server.imaging import icc as icc_profiles
from foveate_server.imaging import rgb_spaces, transfer
from foveate_server.imaging.lut import LutTransform
from foveate_server.imaging.rgb_spaces import Matrix
from foveate_server.imaging.samples import FloatArray
from foveate_server.imaging.transfer import Curve
from foveate_shared.errors import ErrorCode, InputError

_SHOULDER = np.float32(0.25)  # how soft: encoded 10 (200 times white) becomes 1.9
_LARGEST = np.finfo(np.float32).max
_BRIGHTEST = np.float32(1e30)  # light, white being 1: matrices of no space make it overflow
_FARTHEST = np.float32(9.0)  # beyond 0..1 in the working space: there the light nears the largest float32
_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)  # Rec. ITU-R BT.709-6, 3.2
_IDENTITY_TOLERANCE = 1 / 1024  # a quarter of an 8-bit level: a profile nearer than this to sRGB is sRGB


class ColorTransform(Protocol):
    """The way of a document's colours to the working space and back. `color` is as in `samples.Decoded`."""

    def to_working(self, color: FloatArray) -> FloatArray:
        """Return a document's colours in the working space.

        Parameters
        ----------
        color : (height, width, 1 or 3) float32
            In the document's encoding, as in `samples.Decoded`.

        Returns
        -------
        working : (height, width, 3) float32
            sRGB-encoded, with the shoulder of :func:`compress`; grey is repeated.
        """

    def from_working(self, working: FloatArray) -> FloatArray:
        """Return colours of the working space as the document's.

        Parameters
        ----------
        working : (height, width, 3) float32
            Of the working space.

        Returns
        -------
        color : (height, width, 1 or 3) float32
            In the document's encoding; of a grey document, its luma.
        """


def color_transform(space: str | None, icc: bytes | None, *, gray: bool) -> ColorTransform:
    """Return the transform of a document's colours to the working space and back.

    Parameters
    ----------
    space : str or None
        The name of a space in `rgb_spaces.RGB_SPACES` or `GRAY_SPACES`; not looked at where there is a profile.
    icc : bytes or None
        The document's ICC profile.
    gray : bool
        Whether its pixels have one channel. With an RGB profile they are read as its neutrals.

    Returns
    -------
    transform : ColorTransform
        The identity, but for the shoulder of :func:`compress`, where the space is sRGB or differs from it by less than
        a quarter of an 8-bit level.

    Raises
    ------
    InputError
        UNSUPPORTED_FORMAT for an unknown name, and for a profile that does not fit the pixels or is of another kind
        than RGB and grey; INVALID_FILE for a damaged profile; TOO_LARGE for one above 16 MiB.
    """
    if icc is not None:
        return _from_icc(icc, gray=gray)
    if space in rgb_spaces.RGB_SPACES:
        rgb = rgb_spaces.RGB_SPACES[space]
        return _rgb_transform((rgb.curve, rgb.curve, rgb.curve), rgb.to_linear_srgb(), gray=gray)
    if space in rgb_spaces.GRAY_SPACES:
        return _gray_transform(rgb_spaces.GRAY_SPACES[space], gray=gray)
    known = ", ".join([*rgb_spaces.RGB_SPACES, *rgb_spaces.GRAY_SPACES])
    raise InputError(
        "The colour space {name!r} is not known.",
        code=ErrorCode.UNSUPPORTED_FORMAT,
        remedy="Send an ICC profile, or one of: {names}.",
        name=space,
        names=known,
    )


def compress(encoded: FloatArray) -> FloatArray:
    """Return encoded values with what lies beyond 0..1 brought nearer: the shoulder of the working space.

    Parameters
    ----------
    encoded : float32, any shape
        sRGB-encoded, finite. What lies further beyond 0..1 than 1e30 is taken as that.

    Returns
    -------
    working : float32, of the same shape
        The very values within 0..1, and what is outside moved to within 9 of that range.

    Notes
    -----
    What is beyond, ``b``, becomes ``0.25 * log(1 + b / 0.25)``, on both sides alike: continuous with its first
    derivative, and undone by :func:`expand` as long as ``b`` is below 1e15. Where nothing lies beyond, `encoded` itself
    is returned, not a copy.
    """
    return _bend(encoded, _BRIGHTEST, lambda beyond: np.minimum(_SHOULDER * np.log1p(beyond / _SHOULDER), _FARTHEST))


def expand(working: FloatArray) -> FloatArray:
    """Return the encoded values of the working space: the inverse of :func:`compress`.

    Parameters
    ----------
    working : float32, any shape
        Finite. What lies further beyond 0..1 than 9 is taken as that, since light would near the largest float32 there.

    Returns
    -------
    encoded : float32, of the same shape
        The very values within 0..1; `working` itself where nothing lies beyond.
    """
    return _bend(working, _FARTHEST, lambda beyond: _SHOULDER * np.expm1(beyond / _SHOULDER))


def _bend(values: FloatArray, limit: float | np.float32, curve: Callable[[FloatArray], FloatArray]) -> FloatArray:
    """Return `values`; where they lie beyond 0..1, by how much (`limit` at most) goes through `curve`."""
    nominal = np.clip(values, 0, 1)
    outside = values != nominal  # few samples, mostly overshoots of a resampling: curves are slow
    if not outside.any():
        return values
    beyond = np.clip(values[outside] - nominal[outside], -limit, limit)
    nominal[outside] += np.copysign(curve(np.abs(beyond)), beyond)
    return nominal


def split_range(working: FloatArray) -> tuple[FloatArray, FloatArray | None]:
    """Return what of `working` a network may see, and the rest to add to its result.

    Parameters
    ----------
    working : float32, any shape
        Of the working space.

    Returns
    -------
    nominal : float32, of the same shape
        Within 0..1.
    rest : float32, of the same shape, or None
        ``working - nominal``; None where that is zero throughout.

    Notes
    -----
    Networks know nothing outside of 0..1, and many clip there. The rest, resized to the result's extent and added to
    it, brings highlights and saturated colours back whatever the network did.
    """
    nominal = np.clip(working, 0, 1)
    rest = working - nominal
    return nominal, (rest if rest.any() else None)


def luma(rgb: FloatArray) -> FloatArray:
    """Return the luma of a picture: the weighted sum of its encoded R, G and B.

    Parameters
    ----------
    rgb : (height, width, 3) float32
        In any encoding.

    Returns
    -------
    luma : (height, width) float32
        0.2126 R + 0.7152 G + 0.0722 B [1]_, in the encoding of `rgb`.

    References
    ----------
    .. [1] Recommendation ITU-R BT.709-6, 3.2. https://www.itu.int/rec/R-REC-BT.709
    """
    weighted: FloatArray = rgb @ _LUMA
    return weighted


@dataclass(frozen=True)
class _Same:
    """sRGB itself."""

    def to_working(self, color: FloatArray) -> FloatArray:
        return compress(color)

    def from_working(self, working: FloatArray) -> FloatArray:
        return expand(working)


@dataclass(frozen=True)
class _Shaped:
    """Three curves and a matrix."""

    curves: tuple[Curve, Curve, Curve]
    matrix: Matrix  # from the document's light to linear sRGB

    def to_working(self, color: FloatArray) -> FloatArray:
        with np.errstate(over="ignore"):
            light = np.stack([curve.to_light(color[..., i]) for i, curve in enumerate(self.curves)], axis=-1)
        light = np.clip(light, -_BRIGHTEST, _BRIGHTEST)
        return compress(transfer.SRGB.to_encoded(light @ self.matrix.T.astype(np.float32)))

    def from_working(self, working: FloatArray) -> FloatArray:
        light = transfer.SRGB.to_light(expand(working)) @ np.linalg.inv(self.matrix).T.astype(np.float32)
        with np.errstate(over="ignore"):
            color = np.stack([curve.to_encoded(light[..., i]) for i, curve in enumerate(self.curves)], axis=-1)
        return np.clip(color, -_LARGEST, _LARGEST)


@dataclass(frozen=True)
class _Gray:
    """One channel, read as the neutrals of an RGB space."""

    inner: ColorTransform

    def to_working(self, color: FloatArray) -> FloatArray:
        return self.inner.to_working(np.repeat(color, 3, axis=-1))

    def from_working(self, working: FloatArray) -> FloatArray:
        return luma(self.inner.from_working(working))[..., np.newaxis]


def _from_icc(icc: bytes, *, gray: bool) -> ColorTransform:
    profile = icc_profiles.parse(icc)
    if isinstance(profile, icc_profiles.GrayProfile):
        return _gray_transform(profile.curve, gray=gray)
    if isinstance(profile, icc_profiles.MatrixProfile):
        return _rgb_transform(profile.curves, rgb_spaces.pcs_to_linear_srgb() @ profile.matrix, gray=gray)
    return _Gray(LutTransform(profile.data)) if gray else LutTransform(profile.data)


def _rgb_transform(curves: tuple[Curve, Curve, Curve], matrix: Matrix, *, gray: bool) -> ColorTransform:
    shaped = _Shaped(curves, matrix)
    transform = _Same() if _is_identity(shaped) else shaped
    return _Gray(transform) if gray else transform


def _gray_transform(curve: Curve, *, gray: bool) -> ColorTransform:
    if not gray:
        raise InputError(
            "The document has colour pixels, but its colour profile is a grey one.",
            code=ErrorCode.UNSUPPORTED_FORMAT,
            remedy="Assign an RGB profile, such as sRGB, to the document.",
        )
    return _rgb_transform((curve, curve, curve), np.eye(3), gray=True)


def _is_identity(transform: ColorTransform) -> bool:
    """Tell whether a transform differs from sRGB by rounding alone: then not even rounding is done."""
    steps = np.linspace(0, 1, 9, dtype=np.float32)
    probe = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)
    return bool(np.abs(transform.to_working(probe) - probe).max() <= _IDENTITY_TOLERANCE)
