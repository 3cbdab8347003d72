"""What a PNG's samples mean where its chunks tell it without a profile: cICP, or else gAMA and cHRM (PNG, 4.3)."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from foveate_server.imaging import code_points, transfer
from foveate_server.imaging.make_profile import profile_of_gray, profile_of_space
from foveate_server.imaging.rgb_spaces import GRAY_SPACES, RGB_SPACES, RgbSpace
from foveate_server.imaging.transfer import Curve, Parametric
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.pixels import Channels

SRGB = RGB_SPACES["srgb"]
SAME_PRIMARIES = 0.0015  # as files round them
SRGB_GAMMA, NEAR = 0.45455, 0.001  # which stands for sRGB's own curve
GAMMAS = (0.1, 10.0)  # that are no mistake

Meaning = tuple[bytes | None, str]  # a profile, else a named space


def by_code_points(chunks: Mapping[bytes, bytes], channels: Channels, name: str) -> Meaning | None:
    """Return what cICP says; None where it says nothing. Raises InputError for what is not known here, and for HDR."""
    content = chunks.get(b"cICP", b"")
    if len(content) != 4:
        return None
    primaries, characteristics, matrix, full = content
    code_points.require_standard_range(characteristics)
    if code_points.UNSPECIFIED in (primaries, characteristics):
        return None
    space = code_points.space_of(primaries, characteristics)
    if space is None or matrix != 0 or full != 1:
        raise InputError(
            f"{name} has colours of a kind that is not known (cICP {primaries}, {characteristics}, {matrix}, {full}).",
            code=ErrorCode.UNSUPPORTED_FORMAT,
            remedy="Convert it to sRGB, or save it with a colour profile.",
        )
    return _meaning(space, channels)


def by_chromaticities(chunks: Mapping[bytes, bytes], channels: Channels) -> Meaning:
    """Return what sRGB, or else gAMA and cHRM, say; sRGB where they say nothing that can be."""
    if b"sRGB" in chunks:
        return _meaning(SRGB, channels)
    primaries = _primaries(chunks.get(b"cHRM", b""))
    gamma = _gamma(chunks.get(b"gAMA", b""))
    red, green, blue, white = primaries or (SRGB.red, SRGB.green, SRGB.blue, SRGB.white)
    is_adobe = _same(RgbSpace(red, green, blue, white, SRGB.curve), RGB_SPACES["adobe-rgb"])
    return _meaning(RgbSpace(red, green, blue, white, _curve(gamma, channels, is_adobe=is_adobe)), channels)


def _curve(gamma: float | None, channels: Channels, *, is_adobe: bool) -> Curve:
    if gamma is None:
        return transfer.SRGB
    if abs(gamma - 1) < NEAR:
        return transfer.LINEAR
    if abs(gamma - SRGB_GAMMA) >= NEAR:
        return Parametric(1 / gamma)
    if channels.is_gray:
        return transfer.GAMMA_22
    return transfer.ADOBE_RGB if is_adobe else transfer.SRGB


def _gamma(content: bytes) -> float | None:
    gamma = int.from_bytes(content, "big") / 100_000 if len(content) == 4 else 0
    return gamma if GAMMAS[0] <= gamma <= GAMMAS[1] else None


def _primaries(content: bytes) -> tuple[tuple[float, float], ...] | None:
    """Return the chromaticities of red, green, blue and white; None where no light could have them."""
    if len(content) != 32:
        return None
    white, red, green, blue = ((x / 100_000, y / 100_000) for x, y in struct.iter_unpack(">II", content))
    area = (green[0] - red[0]) * (blue[1] - red[1]) - (blue[0] - red[0]) * (green[1] - red[1])
    possible = all(0 <= x <= 1 and 0 < y <= 1 for x, y in (red, green, blue, white))
    return (red, green, blue, white) if possible and abs(area) > 0.001 else None


def _meaning(space: RgbSpace, channels: Channels) -> Meaning:
    """Return the name of a space, else a profile made of it."""
    if channels.is_gray:
        for name, curve in GRAY_SPACES.items():
            if curve == space.curve:
                return None, name
        return profile_of_gray(_parametric(space.curve), "The curve of a PNG"), "gray-srgb"
    for name, known in RGB_SPACES.items():
        if known.curve == space.curve and _same(space, known):
            return None, name
    return profile_of_space(space, _parametric(space.curve), "The colours of a PNG"), "srgb"


def _parametric(curve: Curve) -> Parametric:
    if not isinstance(curve, Parametric):
        raise TypeError("all curves that a PNG tells are parametric")
    return curve


def _same(one: RgbSpace, other: RgbSpace) -> bool:
    pairs = zip(
        (one.red, one.green, one.blue, one.white), (other.red, other.green, other.blue, other.white), strict=True
    )
    return all(abs(a - b) < SAME_PRIMARIES for left, right in pairs for a, b in zip(left, right, strict=True))
