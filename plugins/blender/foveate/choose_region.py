"""Which region a job works on: what the operator says, else what the editor, the image and the scene offer."""

from __future__ import annotations

from dataclasses import dataclass

import bpy

from . import controller, rasterize_mask
from ._shared import selected_region

# As Blender's enum properties want them: identifier, label, description.
KINDS = (
    ("AUTO", "Automatic", "The selected rectangle, else the mask shown, else the render border, else the whole image"),
    ("RECTANGLE", "Rectangle", "The rectangle that was dragged in the image"),
    ("MASK", "Mask", "A mask, with its soft edges"),
    ("BORDER", "Render Border", "The render region of the scene"),
    ("ALL", "Whole Image", "Everything"),
)

Rect = tuple[int, int, int, int]  # x, y, width and height in pixels, from the top left corner
_NO_RECT: Rect = (0, 0, 0, 0)


@dataclass(frozen=True)
class Chosen:
    """A region, and what it is called, in the person's language."""

    select: selected_region.RegionOf
    label: str = ""
    is_unselected: bool = False  # all of the image, since nothing else was said


EVERYTHING = Chosen(selected_region.whole)


def choose(
    context: bpy.types.Context,
    image: bpy.types.Image | None,
    kind: str = "AUTO",
    rect: Rect | None = None,
    mask: str = "",
) -> Chosen:
    """Return the region of `kind`; a `rect` or a `mask` that is given says it, where nothing else does.

    Raises InputError where there is none of that kind, or where two regions are given.
    """
    kind = _kind_given(kind, rect, mask)
    if rect is None:
        rect = tuple(image.foveate.rect) if image is not None else _NO_RECT
    mask = mask or _mask_shown(context, needed=kind == "MASK")
    is_automatic = kind == "AUTO"
    if is_automatic:
        there = {"RECTANGLE": rect[2] > 0, "MASK": mask, "BORDER": context.scene.render.use_border, "ALL": True}
        kind = next(name for name, is_there in there.items() if is_there)
    say = controller.get().say
    if kind == "RECTANGLE":
        x, y, width, height = rect
        label = say("{width} x {height} pixels at {x}, {y}", width=width, height=height, x=x, y=y)
        return Chosen(selected_region.rectangle(x, y, width, height), label)
    if kind == "MASK":
        return Chosen(_mask(mask), say("Mask {name}", name=mask))
    if kind == "BORDER":
        if not context.scene.render.use_border:
            raise selected_region.no_region(
                "The scene has no render border.",
                "Draw one in the camera's view (View, View Regions, Render Region), or choose another kind of region.",
            )
        return Chosen(selected_region.box(border(context.scene)), say("Render border"))
    if is_automatic:
        return Chosen(selected_region.whole, say("Whole image, as nothing is selected"), is_unselected=True)
    return Chosen(selected_region.whole, say("Whole Image"))


def _kind_given(kind: str, rect: Rect | None, mask: str) -> str:
    """Return the kind of region that is meant. Nothing that is given is left out without a word."""
    if mask:
        _require_mask(mask)
    if rect is not None and min(rect[2:]) <= 0:
        raise selected_region.outside()
    given = [name for name, is_given in (("RECTANGLE", rect is not None), ("MASK", mask)) if is_given]
    if not given or [kind] == given:
        return kind
    if kind != "AUTO" or len(given) > 1:
        raise selected_region.no_region(
            "More than one region is given.", "Leave out all of rect, mask and region but the one that is meant."
        )
    return given[0]


def border(scene: bpy.types.Scene) -> selected_region.Box:
    """Return the scene's render border."""
    render = scene.render
    return render.border_min_x, render.border_min_y, render.border_max_x, render.border_max_y


def _mask_shown(context: bpy.types.Context, *, needed: bool) -> str:
    """Return the name of the mask that the image editor shows; the only one of the file where one is needed."""
    space = context.space_data
    if space is not None and space.type == "IMAGE_EDITOR" and space.mask and (needed or space.ui_mode == "MASK"):
        return space.mask.name
    return bpy.data.masks[0].name if needed and len(bpy.data.masks) == 1 else ""


def _require_mask(name: str) -> bpy.types.Mask:
    mask = bpy.data.masks.get(name)
    if mask is None:
        raise selected_region.no_region(
            "There is no mask {name}." if name else "No mask is chosen.",
            "Make one in the image editor's mask mode, and name it here.",
            name=name,
        )
    return mask


def _mask(name: str) -> selected_region.RegionOf:
    mask = _require_mask(name)
    return rasterize_mask.region([_layer(layer) for layer in mask.layers if not layer.hide_render], mask.name)


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
