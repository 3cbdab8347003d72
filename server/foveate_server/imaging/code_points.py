"""Colours by code points (ITU-T H.273), as PNG's `cICP` chunk and ICC profiles' `cicp` tag tell them."""

from __future__ import annotations

from foveate_server.imaging import transfer
from foveate_server.imaging.rgb_spaces import D65, P3, REC709, REC2020, RgbSpace
from foveate_server.imaging.transfer import Curve
from foveate_shared.errors import ErrorCode, InputError

UNSPECIFIED = 2
HDR = {16: "PQ", 18: "HLG"}  # transfer characteristics
CURVES: dict[int, Curve] = {
    1: transfer.REC709,
    4: transfer.GAMMA_22,
    5: transfer.Parametric(2.8),
    6: transfer.REC709,
    8: transfer.LINEAR,
    13: transfer.SRGB,
    14: transfer.REC709,
    15: transfer.REC709,
}
_SMPTE_C = ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), D65)
PRIMARIES = {  # red, green, blue, white
    1: REC709,
    4: ((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), (0.310, 0.316)),
    5: ((0.64, 0.33), (0.29, 0.60), (0.15, 0.06), D65),
    6: _SMPTE_C,
    7: _SMPTE_C,
    9: REC2020,
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351)),
    12: P3,
    22: ((0.630, 0.340), (0.295, 0.605), (0.155, 0.077), D65),
}


def require_standard_range(characteristics: int) -> None:
    """Raise InputError for the transfer characteristics of HDR, which nothing here works in."""
    if characteristics in HDR:
        raise hdr_error(HDR[characteristics])


def hdr_error(name: str) -> InputError:
    """Return the error for a picture in HDR, which would be taken for a flat and pale one."""
    return InputError(
        "The document is in HDR ({transfer}); only standard range and linear light can be re-rendered.",
        code=ErrorCode.UNSUPPORTED_FORMAT,
        remedy="Convert the document to standard range, such as Display P3, or to a linear space in float.",
        transfer=name,
    )


def space_of(primaries: int, characteristics: int) -> RgbSpace | None:
    """Return the space of two code points; None where they are not known."""
    if primaries not in PRIMARIES or characteristics not in CURVES:
        return None
    return RgbSpace(*PRIMARIES[primaries], CURVES[characteristics])
