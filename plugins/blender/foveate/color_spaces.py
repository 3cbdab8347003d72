"""Blender's names of colour spaces, and the protocol's."""

from __future__ import annotations

from ._shared import errors

SCENE_LINEAR = "Linear Rec.709"  # what float images are in, unless the file chose another working space (Blender 5)

SPACES = {
    "sRGB": "srgb",
    "Linear Rec.709": "srgb-linear",
    "Linear Rec.2020": "rec2020-linear",
    "Display P3": "display-p3",
    "ACEScg": "acescg",
}
_DATA = ("Non-Color", "Raw", "Data")


def space_of(name: str) -> str:
    """Return the protocol's name of a Blender colour space. Raises InputError where it has none."""
    if name in SPACES:
        return SPACES[name]
    refuse_data(name)
    raise errors.InputError(
        "The image's colour space {name} is not supported.",
        code=errors.ErrorCode.UNSUPPORTED_FORMAT,
        remedy="Set it to one of: {names}.",
        name=name,
        names=", ".join(SPACES),
    )


def named(space: str) -> str:
    """Return Blender's name of one of the protocol's colour spaces of colours or of grays; empty where it has none."""
    wanted = {"gray-srgb": "srgb", "gray-linear": "srgb-linear"}.get(space, space)
    return next((name for name, told in SPACES.items() if told == wanted), "")


def is_data(name: str) -> bool:
    """Tell whether the colour space says that samples are no colours."""
    return name in _DATA


def refuse_data(name: str) -> None:
    """Raise InputError where the colour space says that samples are no colours."""
    if is_data(name):
        raise errors.InputError(
            "The image's colour space is {name}: it holds data, such as normals or a mask, and no colours.",
            code=errors.ErrorCode.UNSUPPORTED_FORMAT,
            remedy="If it is a picture all the same, set its colour space to sRGB or to Linear Rec.709.",
            name=name,
        )
