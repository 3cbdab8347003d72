"""Which region a job works on: what the operator says, else what the editor, the image and the scene offer."""

from __future__ import annotations

from dataclasses import dataclass

import bpy

from . import rasterize_mask, region
from ._shared import errors
from .region import RegionOf

# As Blender's enum properties want them: identifier, label, description.
KINDS = (
    ("AUTO", "Automatic", "The selected rectangle, else the mask shown, else the render border, else the whole image"),
    ("RECTANGLE", "Rectangle", "The rectangle that was dragged in the image"),
    ("MASK", "Mask", "A mask, with its soft edges"),
    ("BORDER", "Render Border", "The render region of the scene"),
    ("ALL", "Whole Image", "Everything"),
)


@dataclass(frozen=True)
class Chosen:
    """A region, and what it is called."""

    kind: str  # one of KINDS but AUTO
    select: RegionOf
    mask: str = ""
    rect: tuple[int, int, int, int] | None = None


EVERYTHING = Chosen("ALL", region.whole)


def choose(
    context: bpy.types.Context,
    image: bpy.types.Image | None,
    kind: str = "AUTO",
    rect: tuple[int, int, int, int] = (0, 0, 0, 0),
    mask: str = "",
) -> Chosen:
    """Return the region of `kind`. Raises InputError where there is none of that kind."""
    if rect[2] <= 0 and image is not None:
        rect = tuple(image.foveate.rect)
    mask = mask or _mask_shown(context, needed=kind == "MASK")
    scene = context.scene
    if kind == "AUTO":
        kind = _first_offered(has_rect=rect[2] > 0, has_mask=bool(mask), has_border=scene.render.use_border)
    if kind == "RECTANGLE":
        return _rectangle(rect)
    if kind == "MASK":
        return Chosen("MASK", _mask(mask), mask)
    return Chosen("BORDER", region.box(border(scene))) if kind == "BORDER" else EVERYTHING


def border(scene: bpy.types.Scene) -> region.Box:
    """Return the scene's render border."""
    render = scene.render
    return render.border_min_x, render.border_min_y, render.border_max_x, render.border_max_y


def _first_offered(*, has_rect: bool, has_mask: bool, has_border: bool) -> str:
    offered = (("RECTANGLE", has_rect), ("MASK", has_mask), ("BORDER", has_border), ("ALL", True))
    return next(kind for kind, is_offered in offered if is_offered)


def _rectangle(rect: tuple[int, int, int, int]) -> Chosen:
    if rect[2] <= 0 or rect[3] <= 0:
        raise _no_region("No rectangle is selected.", "Press Select Region and drag in the image.")
    return Chosen("RECTANGLE", region.rectangle(*rect), rect=_plain(rect))


def _plain(rect: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    x, y, width, height = rect
    return x, y, width, height


def _mask_shown(context: bpy.types.Context, *, needed: bool) -> str:
    """Return the name of the mask that the image editor shows; the only one of the file where one is needed."""
    space = context.space_data
    if space is not None and space.type == "IMAGE_EDITOR" and space.mask and (needed or space.ui_mode == "MASK"):
        return space.mask.name
    return bpy.data.masks[0].name if needed and len(bpy.data.masks) == 1 else ""


def _mask(name: str) -> RegionOf:
    mask = bpy.data.masks.get(name)
    if mask is None:
        raise _no_region(
            "There is no mask {name}." if name else "No mask is chosen.",
            "Make one in the image editor's mask mode, and name it here.",
            name=name,
        )
    return region.mask([_layer(layer) for layer in mask.layers if not layer.hide_render], mask.name)


def _layer(layer: bpy.types.MaskLayer) -> rasterize_mask.MaskLayer:
    outlines = tuple(
        tuple(_knot(point) for point in spline.points)
        for spline in layer.splines
        if spline.use_fill and len(spline.points) > 1
    )
    return rasterize_mask.MaskLayer(outlines, layer.alpha, layer.blend, layer.falloff, layer.invert)


def _knot(point: bpy.types.MaskSplinePoint) -> rasterize_mask.Knot:
    stops = tuple((stop.u, stop.weight) for stop in point.feather_points)
    return rasterize_mask.Knot(
        tuple(point.co), tuple(point.handle_left), tuple(point.handle_right), point.weight, stops
    )


def _no_region(problem: str, remedy: str, **values: object) -> errors.InputError:
    return errors.InputError(problem, code=errors.ErrorCode.INVALID_REGION, remedy=remedy, **values)
