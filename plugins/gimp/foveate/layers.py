"""Results as GIMP's layers and images."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from gi.repository import Gimp

from . import buffers, formats
from ._shared import arrange_patches, coverage, errors, geometry, host, pixels, protocol

RECIPE = "foveate-recipe"  # the parasite's name
_SPACES = {  # in which a layer is blended, so that it is blended as its samples are
    "own": Gimp.LayerColorSpace.RGB_NON_LINEAR,
    "srgb": Gimp.LayerColorSpace.RGB_PERCEPTUAL,
    "linear": Gimp.LayerColorSpace.RGB_LINEAR,
}


@dataclass(frozen=True)
class ImageKind:
    """What an image holds in each pixel; a result fits where this is the same."""

    precision: Gimp.Precision
    layout: formats.LayerFormat
    attached_icc: bytes | None  # the image's own profile; None where it has GIMP's own
    # What the samples mean. The fields above decide it, and GIMP writes the second into each profile that it derives.
    icc: bytes = field(compare=False)
    space: str | None  # the protocol's name of that; None where it has none

    @classmethod
    def of(cls, image: Gimp.Image, layout: formats.LayerFormat) -> ImageKind:
        """Return the kind of an image whose visible pixels have the given layout."""
        attached = image.get_color_profile()
        meaning = formats.color_profile(image, layout)
        return cls(
            image.get_precision(),
            layout,
            bytes(attached.get_icc_profile()) if attached else None,
            bytes(meaning.get_icc_profile()),
            formats.named_space(meaning),
        )

    @classmethod
    def again(cls, base: Gimp.ImageBaseType, precision: Gimp.Precision, icc: bytes | None) -> ImageKind:
        """Return the kind of an image that is gone. `icc` is its own profile; None where it had GIMP's own."""
        image = Gimp.Image.new_with_precision(1, 1, base, precision)
        try:
            if icc is not None:
                image.set_color_profile(Gimp.ColorProfile.new_from_icc_profile(icc))
            form = Gimp.ImageType.GRAYA_IMAGE if base == Gimp.ImageBaseType.GRAY else Gimp.ImageType.RGBA_IMAGE
            layer = Gimp.Layer.new(image, "kind", 1, 1, form, 100.0, Gimp.LayerMode.NORMAL)
            image.insert_layer(layer, None, 0)
            return cls.of(image, formats.layer_format(layer))
        finally:
            image.delete()

    def described(self) -> protocol.JsonObject:
        """Return what makes it again, to be written down."""
        icc = None if self.attached_icc is None else base64.b64encode(self.attached_icc).decode()
        return {"base": int(self.base), "precision": int(self.precision), "icc": icc}

    @classmethod
    def described_as(cls, told: protocol.JsonObject) -> ImageKind:
        """Return the kind that was written down."""
        icc = None if told["icc"] is None else base64.b64decode(told["icc"])
        return cls.again(Gimp.ImageBaseType(told["base"]), Gimp.Precision(told["precision"]), icc)

    @property
    def base(self) -> Gimp.ImageBaseType:
        """Return what GIMP calls grey and colour."""
        return Gimp.ImageBaseType.GRAY if self.layout.is_gray else Gimp.ImageBaseType.RGB


@dataclass(frozen=True)
class Placed:
    """A layer that is not in its image yet."""

    layer: Gimp.Layer
    bounds: geometry.Bounds  # where it belongs


def build_layers(image: Gimp.Image, result: host.Result, kind: ImageKind, name: str) -> list[Placed]:
    """Return the layers, lowest first, that bring a result of frame "document" into `image`.

    It is one, unless patches overlap (the soft edges of neighbouring faces): these are blended one after the other, as
    the protocol wants it, and so they lie in layers above each other.
    """
    return [
        _build_layer(image, result, level, kind, name if not number else f"{name} {number + 1}")
        for number, level in enumerate(arrange_patches.in_levels(result.patches))
    ]


def build_image(result: host.Result, kind: ImageKind, name: str) -> Gimp.Image:
    """Return a new image that holds the result, of the same kind as the old one. Raises InputError without pixels."""
    if not result.patches:
        raise errors.InputError("This result is empty: nothing had to be changed.", remedy="Discard it.")
    frame = result.extent.bounds if result.frame == "new" else arrange_patches.covered_bounds(result.patches)
    image = Gimp.Image.new_with_precision(frame.width, frame.height, kind.base, kind.precision)
    image.undo_disable()
    if kind.attached_icc is not None:
        image.set_color_profile(Gimp.ColorProfile.new_from_icc_profile(kind.attached_icc))
    for placed in build_layers(image, result, kind, name):
        placed.layer.set_composite_mode(Gimp.LayerCompositeMode.AUTO)  # there is no backdrop
        insert(image, placed, placed.bounds.relative_to(frame))
    image.undo_enable()
    return image


def insert(image: Gimp.Image, placed: Placed, bounds: geometry.Bounds) -> bool:
    """Put a layer above all others; return whether GIMP took it."""
    taken = image.insert_layer(placed.layer, None, 0)
    placed.layer.set_offsets(bounds.x, bounds.y)
    return taken


def _build_layer(
    image: Gimp.Image, result: host.Result, level: Sequence[host.ResultPatch], kind: ImageKind, name: str
) -> Placed:
    bounds = arrange_patches.covered_bounds(level)
    form = Gimp.ImageType.GRAYA_IMAGE if kind.layout.is_gray else Gimp.ImageType.RGBA_IMAGE
    layer = Gimp.Layer.new(image, name, bounds.width, bounds.height, form, 100.0, Gimp.LayerMode.NORMAL)
    buffer = layer.get_buffer()
    for patch in level:
        data = _whole(patch, kind.layout) if result.frame == "new" else _with_coverage(patch, kind.layout)
        place = patch.bounds.relative_to(bounds)
        buffers.write(buffer, place, kind.layout.name, data, kind.layout.pixels.pixel_size)
    buffer.flush()
    layer.update(0, 0, bounds.width, bounds.height)
    layer.set_composite_space(_SPACES[kind.layout.curve])
    layer.set_composite_mode(Gimp.LayerCompositeMode.CLIP_TO_BACKDROP)
    text = json.dumps(result.recipe, ensure_ascii=False, sort_keys=True)
    layer.attach_parasite(Gimp.Parasite.new(RECIPE, Gimp.PARASITE_PERSISTENT, list(text.encode())))
    return Placed(layer, bounds)


def _whole(patch: host.ResultPatch, layout: formats.LayerFormat) -> bytes:
    """Return pixels as a layer has them; what was made without a document has no alpha but its coverage."""
    if patch.pixels.format.channels is not pixels.Channels.RGB:
        return bytes(patch.pixels.data)
    (opaque,) = arrange_patches.made_opaque([patch], pixels.Channels.RGBA)
    return _with_coverage(opaque, layout) if patch.coverage else bytes(opaque.pixels.data)


def _with_coverage(patch: host.ResultPatch, layout: formats.LayerFormat) -> bytes:
    given = patch.coverage
    if given is not None:
        samples = layout.pixels.dtype
        data = buffers.converted_coverage(given.data, given.extent, given.format.dtype, samples)
        given = host.Image(given.extent, data, pixels.PixelFormat(samples, pixels.Channels.Y))
    samples = coverage.with_alpha(patch.pixels, given)
    coverage.hide_invisible(samples, patch.pixels)  # it would be opaque black where nothing clips the layer
    return bytes(samples)
