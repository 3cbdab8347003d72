"""Krita's names for how pixels lie in memory and what they mean, in the protocol's terms."""

from __future__ import annotations

from collections.abc import Mapping

from ._shared import errors, pixels

_MODELS: Mapping[str, str] = {
    "A": "a single channel without colour",
    "CMYKA": "CMYK",
    "LABA": "L*a*b*",
    "XYZA": "XYZ",
    "YCbCrA": "YCbCr",
}
# Profiles that come with Krita, as it names them. Others travel as the ICC profiles that they are.
_SPACES: Mapping[str, str] = {
    "sRGB-elle-V2-srgbtrc.icc": "srgb",
    "sRGB-elle-V4-srgbtrc.icc": "srgb",
    "sRGB built-in": "srgb",
    "sRGB-elle-V2-g10.icc": "srgb-linear",
    "sRGB-elle-V4-g10.icc": "srgb-linear",
    "krita-2.5, lcms sRGB built-in with linear gamma TRC": "srgb-linear",
    "scRGB (linear)": "srgb-linear",
    "Rec2020-elle-V4-g10.icc": "rec2020-linear",
    "ACEScg-elle-V4-g10.icc": "acescg",
}
_GRAY_SPACES: Mapping[str, str] = {
    "Gray-D50-elle-V2-srgbtrc.icc": "gray-srgb",
    "Gray-D50-elle-V4-srgbtrc.icc": "gray-srgb",
    "Gray-D50-elle-V2-g10.icc": "gray-linear",
    "Gray-D50-elle-V4-g10.icc": "gray-linear",
    "Gray-D50-elle-V2-g22.icc": "gray-gamma22",
    "Gray-D50-elle-V4-g22.icc": "gray-gamma22",
}


def pixel_format(model: str, depth: str) -> pixels.PixelFormat:
    """Return how Krita lays out the pixels of a color model and depth: blue comes first in whole numbers alone.

    Raises InputError where the model is neither RGB nor grey.
    """
    dtype = pixels.SampleType.__members__.get(depth)  # Krita calls depths as they are called there
    if model not in {"RGBA", "GRAYA"} or dtype is None:
        raise errors.InputError(
            "This image is in {model}; only RGB and grey images can be worked on.",
            code=errors.ErrorCode.UNSUPPORTED_FORMAT,
            remedy="Change it under Image > Convert Image Color Space to RGB.",
            model=_MODELS.get(model, model),
        )
    if model == "GRAYA":
        return pixels.PixelFormat(dtype, pixels.Channels.YA)
    return pixels.PixelFormat(dtype, pixels.Channels.RGBA if dtype.is_float else pixels.Channels.BGRA)


def colors_of(layout: pixels.PixelFormat, space: str) -> tuple[str, str, str]:
    """Return a color model, depth and profile of Krita for a layout and one of the protocol's spaces.

    Where it is none of them, the profile has no name: Krita then takes its usual one.
    """
    model = "GRAYA" if layout.channels is pixels.Channels.YA else "RGBA"
    known = _GRAY_SPACES if model == "GRAYA" else _SPACES
    return model, layout.dtype.name, next((profile for profile, name in known.items() if name == space), "")


def named_space(model: str, profile: str) -> str | None:
    """Return the protocol's name for one of Krita's own profiles, or None for any other."""
    return (_GRAY_SPACES if model == "GRAYA" else _SPACES).get(profile)
