"""Reading ICC profiles: matrix and grey ones to curves and a matrix, of others just what they are (ICC.1:2022).

Nothing in a profile is trusted: every offset and count is checked before it is used.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from foveate_server.imaging import code_points
from foveate_server.imaging.rgb_spaces import Matrix
from foveate_server.imaging.transfer import LINEAR, Curve, LightnessCurve, Parametric, Table
from foveate_shared.errors import ErrorCode, InputError

MAX_PROFILE_BYTES = 16 << 20
_MAX_TAGS = 256
_MAX_TABLE = 65_536

_HEADER_BYTES = 128
_LUT_TAGS = (b"A2B0", b"A2B1", b"A2B2", b"D2B0", b"D2B1")
_COLOR_CLASSES = (b"scnr", b"mntr", b"prtr", b"spac")
_HDR_NAMES = re.compile(rb"\bST ?2084\b|\bPQ\b|\bHLG\b|Hybrid Log")  # in descriptions
_SPACE_NAMES = {b"CMYK": "CMYK", b"Lab ": "Lab", b"XYZ ": "XYZ", b"HSV ": "HSV", b"YCbr": "YCbCr"}

#: The parameters (g, a, b, c, d, e, f) of each function type of `para`, by the position of their value.
_PARAMETERS: dict[int, str] = {0: "g", 1: "gab", 2: "gabe", 3: "gabcd", 4: "gabcdef"}


@dataclass(frozen=True)
class MatrixProfile:
    """An RGB profile of three curves and a matrix to the connection space (XYZ, D50)."""

    curves: tuple[Curve, Curve, Curve]
    matrix: Matrix


@dataclass(frozen=True)
class GrayProfile:
    """A grey profile: one curve to relative luminance."""

    curve: Curve


@dataclass(frozen=True)
class LutProfile:
    """An RGB profile of look-up tables, which takes a colour management system."""

    data: bytes


Profile = MatrixProfile | GrayProfile | LutProfile


def parse(data: bytes) -> Profile:
    """Return what an ICC profile says.

    Parameters
    ----------
    data : bytes
        The profile, of version 2 or 4. Nothing in it is trusted.

    Returns
    -------
    profile : MatrixProfile, GrayProfile or LutProfile
        A matrix is preferred to look-up tables where a profile has both: it holds beyond 0..1 and has an exact inverse.

    Raises
    ------
    InputError
        INVALID_FILE for a damaged profile, UNSUPPORTED_FORMAT for one of another kind than RGB and grey, TOO_LARGE
        above `MAX_PROFILE_BYTES` (16 MiB).

    Notes
    -----
    A `chad` tag needs no handling: colorants are stored adapted [1]_.

    References
    ----------
    .. [1] Specification ICC.1:2022. https://www.color.org/specification/ICC.1-2022-05.pdf
    """
    if len(data) > MAX_PROFILE_BYTES:
        raise InputError(
            "The colour profile has {size} bytes; the limit is {most}.",
            code=ErrorCode.TOO_LARGE,
            remedy="Convert the document to sRGB or to another common profile.",
            size=len(data),
            most=MAX_PROFILE_BYTES,
        )
    try:
        return _parse(data)
    except (struct.error, IndexError, ValueError, OverflowError, ZeroDivisionError) as error:
        raise InputError(
            "The document's colour profile is damaged ({reason}).",
            code=ErrorCode.INVALID_FILE,
            remedy="Assign a valid profile, such as sRGB, to the document.",
            reason=error,
        ) from error


def _parse(data: bytes) -> Profile:
    if len(data) < _HEADER_BYTES + 4 or data[36:40] != b"acsp":
        raise ValueError("it does not begin like an ICC profile")
    profile_class, space, connection = data[12:16], data[16:20], data[20:24]
    _require_usable(profile_class, space)
    tags = _tags(data)
    _refuse_hdr(tags)
    if space == b"GRAY":
        curve = _curve(_tag(tags, b"kTRC"))
        return GrayProfile(LightnessCurve(curve) if connection == b"Lab " else curve)
    if connection == b"XYZ " and all(name in tags for name in (b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC")):
        return _matrix_profile(tags)
    if any(name in tags for name in _LUT_TAGS):
        return LutProfile(data)
    raise ValueError("it has neither a matrix nor look-up tables")


def _require_usable(profile_class: bytes, space: bytes) -> None:
    if profile_class in _COLOR_CLASSES and space in (b"RGB ", b"GRAY"):
        return
    if profile_class in _COLOR_CLASSES:
        kind = _SPACE_NAMES.get(space, space.decode("ascii", "replace").strip())
        message = f"The document is in {kind}; only RGB and grey documents can be re-rendered."
    else:
        message = "The document's colour profile is a link or an effect, not a colour space."
    raise InputError(message, code=ErrorCode.UNSUPPORTED_FORMAT, remedy="Convert the document to RGB, such as sRGB.")


def _refuse_hdr(tags: Mapping[bytes, bytes]) -> None:
    """Raise InputError for a profile of HDR, by its code points or, where it is older than those, its name."""
    points = tags.get(b"cicp", b"")
    if len(points) >= 12:
        code_points.require_standard_range(points[9])
    named = _HDR_NAMES.search(tags.get(b"desc", b"").replace(b"\0", b""))
    if named:
        raise code_points.hdr_error("HLG" if named[0].startswith((b"HLG", b"Hybrid")) else "PQ")


def _tags(data: bytes) -> dict[bytes, bytes]:
    (count,) = struct.unpack_from(">I", data, _HEADER_BYTES)
    if count > _MAX_TAGS:
        raise ValueError(f"it claims {count} tags")
    tags = {}
    for index in range(count):
        name, offset, size = struct.unpack_from(">4sII", data, _HEADER_BYTES + 4 + 12 * index)
        if offset + size > len(data):
            raise ValueError(f"the tag {name.decode('ascii', 'replace')} reaches beyond its end")
        tags[name] = data[offset : offset + size]
    return tags


def _tag(tags: Mapping[bytes, bytes], name: bytes) -> bytes:
    if name not in tags:
        raise ValueError(f"the tag {name.decode()} is missing")
    return tags[name]


def _matrix_profile(tags: Mapping[bytes, bytes]) -> MatrixProfile:
    matrix = np.array([_xyz(tags[name]) for name in (b"rXYZ", b"gXYZ", b"bXYZ")]).T
    if abs(np.linalg.det(matrix)) < 1e-6:
        raise ValueError("its primaries lie on a line")
    red, green, blue = (_curve(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC"))
    return MatrixProfile((red, green, blue), matrix)


def _xyz(tag: bytes) -> list[float]:
    if tag[:4] != b"XYZ ":
        raise ValueError("a colorant is not of type XYZ")
    return [_fixed(value) for value in struct.unpack_from(">3i", tag, 8)]


def _fixed(value: int) -> float:
    """Return an s15Fixed16Number as a float."""
    return value / 65536


def _curve(tag: bytes) -> Curve:
    kind = tag[:4]
    if kind == b"curv":
        return _sampled_curve(tag)
    if kind == b"para":
        return _parametric_curve(tag)
    raise ValueError(f"a curve is of the unknown type {kind.decode('ascii', 'replace')!r}")


def _sampled_curve(tag: bytes) -> Curve:
    (count,) = struct.unpack_from(">I", tag, 8)
    if count == 0:
        return LINEAR
    if count == 1:
        (gamma,) = struct.unpack_from(">H", tag, 12)
        return _checked(Parametric(gamma / 256))
    if count > _MAX_TABLE:
        raise ValueError(f"a curve claims {count} entries")
    values = np.array(struct.unpack_from(f">{count}H", tag, 12)) / 65535
    if values[-1] <= values[0]:
        raise ValueError("a curve does not rise")
    return Table(tuple(np.maximum.accumulate(values).tolist()))


def _parametric_curve(tag: bytes) -> Curve:
    (kind,) = struct.unpack_from(">H", tag, 8)
    if kind not in _PARAMETERS:
        raise ValueError(f"a curve has the unknown function type {kind}")
    names = _PARAMETERS[kind]
    parameters = dict(zip(names, map(_fixed, struct.unpack_from(f">{len(names)}i", tag, 12)), strict=True))
    if kind in (1, 2):
        parameters["d"] = -parameters["b"] / parameters["a"]
    if kind == 2:
        parameters["f"] = parameters["e"]
    return _checked(Parametric(**parameters))


def _checked(curve: Parametric) -> Parametric:
    """Return `curve` where it rises and can be inverted in floats; else raise ValueError."""
    ends = curve.to_light(np.array([0.0, 0.5, 1.0], np.float32))
    if not (0.05 <= curve.g <= 20 and curve.a >= 1e-3 and curve.c >= 0 and ends[2] > ends[0] >= 0 and ends[2] <= 16):
        raise ValueError("a curve does not rise")
    return curve
