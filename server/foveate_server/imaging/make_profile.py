"""ICC profiles of spaces that a file names in another way, for files that know profiles alone (ICC.1:2022)."""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

from foveate_server.imaging.rgb_spaces import (
    D65,
    GRAY_SPACES,
    PCS_WHITE,
    RGB_SPACES,
    RgbSpace,
    adaptation,
    primaries_to_xyz,
    white_xyz,
)
from foveate_server.imaging.transfer import Parametric

_TITLES = {
    "srgb": "sRGB",
    "srgb-linear": "Linear sRGB",
    "display-p3": "Display P3",
    "display-p3-linear": "Linear Display P3",
    "rec2020-linear": "Linear Rec. 2020",
    "adobe-rgb": "Compatible with Adobe RGB (1998)",
    "acescg": "ACEScg",
    "gray-gamma22": "Grey with gamma 2.2",
    "gray-linear": "Linear grey",
    "gray-srgb": "Grey with the curve of sRGB",
}


def profile_of_name(name: str) -> bytes:
    """Return the profile of one of the protocol's named spaces. All of their curves are parametric."""
    curve = GRAY_SPACES[name] if name in GRAY_SPACES else RGB_SPACES[name].curve
    if not isinstance(curve, Parametric):
        raise TypeError(f"{name} has a curve that no tag of a profile tells")
    if name in GRAY_SPACES:
        return profile_of_gray(curve, _TITLES[name])
    return profile_of_space(RGB_SPACES[name], curve, _TITLES[name])


def profile_of_space(space: RgbSpace, curve: Parametric, title: str) -> bytes:
    """Return the profile of an RGB space whose curve is `curve`."""
    adapted = adaptation(white_xyz(space.white), PCS_WHITE)
    colorants = adapted @ primaries_to_xyz(space.red, space.green, space.blue, space.white)
    tags = {name: _xyz(column) for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), colorants.T, strict=True)}
    return _profile(b"RGB ", {**tags, **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), _curve(curve))}, adapted, title)


def profile_of_gray(curve: Parametric, title: str) -> bytes:
    """Return the profile of one channel of grey."""
    return _profile(b"GRAY", {b"kTRC": _curve(curve)}, adaptation(white_xyz(D65), PCS_WHITE), title)


def _profile(space: bytes, tags: dict[bytes, bytes], adapted: NDArray[np.float64], title: str) -> bytes:
    told = {b"desc": _text(title), b"cprt": _text("No copyright, use freely"), b"wtpt": _xyz(PCS_WHITE)}
    tags = {**told, b"chad": b"sf32" + bytes(4) + _fixed(adapted.ravel()), **tags}
    table, body = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        table += struct.pack(">4sII", name, 128 + 4 + 12 * len(tags) + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    size = struct.pack(">I", 128 + len(table) + len(body))
    version, date = struct.pack(">I", 0x04300000), struct.pack(">6H", 2020, 1, 1, 0, 0, 0)
    head = size + bytes(4) + version + b"mntr" + space + b"XYZ " + date + b"acsp" + bytes(28) + _fixed(PCS_WHITE)
    return head.ljust(128, b"\0") + table + body


def _text(text: str) -> bytes:
    encoded = text.encode("utf-16-be")
    return b"mluc" + bytes(4) + struct.pack(">II4sII", 1, 12, b"enUS", len(encoded), 28) + encoded


def _xyz(values: NDArray[np.float64]) -> bytes:
    return b"XYZ " + bytes(4) + _fixed(values)


def _curve(curve: Parametric) -> bytes:
    """Return a curve as the function type that has all seven parameters."""
    values = np.array([curve.g, curve.a, curve.b, curve.c, curve.d, curve.e, curve.f])
    return b"para" + bytes(4) + struct.pack(">HH", 4, 0) + _fixed(values)


def _fixed(values: NDArray[np.float64]) -> bytes:
    return np.rint(values * 65536).astype(">i4").tobytes()
