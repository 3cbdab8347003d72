"""What GIMP calls the pixels of a drawable, and what Foveate calls them. Bytes go through as they are."""

from __future__ import annotations

from dataclasses import dataclass

from gi.repository import Babl, Gimp

from ._shared import errors, pixels

_SAMPLES = {
    "u8": pixels.SampleType.U8,
    "u16": pixels.SampleType.U16,
    "half": pixels.SampleType.F16,
    "float": pixels.SampleType.F32,
}
_READ_AS_FLOAT = ("u32", "double")
_CHANNELS = {"RGBA": pixels.Channels.RGBA, "YA": pixels.Channels.YA}
_CURVES = {"'": "own", "~": "srgb"}  # after each letter of a model's name; without one, the samples are linear


@dataclass(frozen=True)
class LayerFormat:
    """How a layer with alpha holds its pixels."""

    name: str  # for buffers: it names the colour space as well, so that no byte is converted
    curve: str  # "own": the space's own tone curve; "srgb": that of sRGB; "linear"
    pixels: pixels.PixelFormat
    is_reduced: bool  # samples of 32 bit integers or doubles are handed out as floats

    @property
    def is_gray(self) -> bool:
        """Tell whether there is luminance only."""
        return self.pixels.channels is pixels.Channels.YA


def layer_format(drawable: Gimp.Drawable) -> LayerFormat:
    """Return the format of a drawable that has alpha. Raises InputError for one that we do not know."""
    native = drawable.get_format()
    model, _, sample = Babl.format_get_encoding(native).partition(" ")
    name = Babl.get_name(native)
    is_reduced = sample in _READ_AS_FLOAT
    if is_reduced:
        sample = "float"
        name = Babl.get_name(Babl.format_with_space(f"{model} float", native))
    mark = next((mark for mark in _CURVES if mark in model), "")
    channels = _CHANNELS.get(model.replace(mark, "") if mark else model)
    if channels is None or sample not in _SAMPLES:
        raise errors.InputError(
            "Pixels of the kind {name} are not supported.",
            code=errors.ErrorCode.UNSUPPORTED_FORMAT,
            remedy="Choose another precision under Image > Precision.",
            name=name,
        )
    return LayerFormat(name, _CURVES.get(mark, "linear"), pixels.PixelFormat(_SAMPLES[sample], channels), is_reduced)


def coverage_format(samples: pixels.SampleType) -> tuple[str, pixels.PixelFormat]:
    """Return how to read a selection as exactly as samples of this type need it: GIMP's name and ours."""
    exact = samples if samples in (pixels.SampleType.U8, pixels.SampleType.U16) else pixels.SampleType.F32
    return f"Y {gimp_name(exact)}", pixels.PixelFormat(exact, pixels.Channels.Y)


def gimp_name(samples: pixels.SampleType) -> str:
    """Return what GIMP calls a type of samples."""
    return next(name for name, known in _SAMPLES.items() if known is samples)


def color_profile(image: Gimp.Image, layout: LayerFormat) -> Gimp.ColorProfile:
    """Return what the samples mean: the image's profile with the tone curve that they really have.

    GIMP keeps the profile of an image when its precision becomes linear, so the profile alone does not tell.
    """
    profile = image.get_effective_color_profile()
    if layout.curve == "linear":
        return profile.new_linear_from_color_profile() or profile
    if layout.curve == "srgb":
        return profile.new_srgb_trc_from_color_profile() or profile
    return profile


def named_space(profile: Gimp.ColorProfile) -> str | None:
    """Return the protocol's name of one of GIMP's own profiles; None for any other profile."""
    known = {
        "srgb": Gimp.ColorProfile.new_rgb_srgb,
        "srgb-linear": Gimp.ColorProfile.new_rgb_srgb_linear,
        "gray-srgb": Gimp.ColorProfile.new_d65_gray_srgb_trc,
        "gray-linear": Gimp.ColorProfile.new_d65_gray_linear,
    }
    return next((name for name, make in known.items() if profile.is_equal(make())), None)
