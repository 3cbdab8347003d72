"""What the colours of a file mean: its ICC profile, or else the named space that its container implies."""

from __future__ import annotations

from typing import Any

from foveate_server.picture_files import png_colors
from foveate_server.picture_files.container_facts import ContainerFacts
from foveate_shared.pixels import Channels

# By OpenImageIO's `oiio:ColorSpace`, as Exif sets it. A name that is not here means sRGB.
NAMED = {
    "lin_rec709_scene": "srgb-linear",
    "lin_rec709": "srgb-linear",
    "scene_linear": "srgb-linear",
    "linear": "srgb-linear",
    "srgb_p3d65_display": "display-p3",
    "srgb_p3d65_scene": "display-p3",
    "lin_p3d65_scene": "display-p3-linear",
    "lin_rec2020_scene": "rec2020-linear",
    "lin_ap1_scene": "acescg",
    "acescg": "acescg",
    "g22_adobergb_scene": "adobe-rgb",
    "adobergb": "adobe-rgb",
}
GRAY = {"srgb-linear": "gray-linear", "g22_rec709_scene": "gray-gamma22"}
# Red x and y, green x: enough to tell the primaries that OpenEXR files commonly have apart.
PRIMARIES = {
    (0.64, 0.33, 0.30): "srgb-linear",
    (0.68, 0.32, 0.265): "display-p3-linear",
    (0.708, 0.292, 0.17): "rec2020-linear",
    (0.713, 0.293, 0.165): "acescg",
}
SIGNATURES = {b"RGB ": False, b"GRAY": True}  # of an ICC profile, bytes 16 to 20: whether it is for grey


def profile_in(spec: Any, channels: Channels) -> tuple[bytes | None, tuple[str, ...]]:
    """Return the ICC profile of a file, and a sentence about one that does not fit."""
    profile = spec.getattribute("ICCProfile")
    if profile is None:
        return None, ()
    icc = bytes(profile)
    if SIGNATURES.get(icc[16:20]) is not channels.is_gray:
        return None, (
            f"The colour profile does not fit {channels.value} samples; {_space(spec, channels)} is assumed.",
        )
    return icc, ()


def meaning_of(
    spec: Any, channels: Channels, icc: bytes | None, facts: ContainerFacts, name: str
) -> tuple[bytes | None, str]:
    """Return what the samples of the file called `name` mean: a profile, or else a named space.

    Of a PNG, its chunks tell it: code points before the file's own profile `icc`, chromaticities after it.
    Raises InputError for what is not known here, and for HDR.
    """
    if facts.kind != "png":
        return icc, _space(spec, channels)
    chunks = dict(facts.carried.chunks)
    coded = png_colors.by_code_points(chunks, channels, name)
    if coded or icc:
        return coded or (icc, "srgb")
    return png_colors.by_chromaticities(chunks, channels)


def _space(spec: Any, channels: Channels) -> str:
    name = spec.get_string_attribute("oiio:ColorSpace")
    linear = str(spec.format) in ("half", "float")
    space = _by_primaries(spec) if linear else NAMED.get(name, "srgb")
    if channels.is_gray:
        return "gray-linear" if linear else GRAY.get(space, GRAY.get(name, "gray-srgb"))
    return space


def _by_primaries(spec: Any) -> str:
    chromaticities = spec.getattribute("chromaticities")
    if chromaticities is not None and len(chromaticities) >= 3:
        for primaries, space in PRIMARIES.items():
            if all(abs(a - b) < 0.002 for a, b in zip(primaries, chromaticities[:3], strict=True)):
                return space
    return "srgb-linear"
