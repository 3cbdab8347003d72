"""GIMP's layers as pictures beside the image, and a selection that came back as the image's own."""

from __future__ import annotations

from dataclasses import replace

from gi.repository import Gegl, Gimp

from . import buffers, formats, hidden_images
from ._shared import geometry, host, named_pictures
from .layers import ImageKind


def offered(image: Gimp.Image | None) -> tuple[named_pictures.OfferedPicture, ...]:
    """Return the layers of an image, the upper ones first, and then those of the other images that are open."""
    others = [each for each in Gimp.get_images() if each != image and not hidden_images.is_ours(each)]
    own = [described(layer) for layer in _layers(image)] if image is not None and image.is_valid() else []
    return (
        *own,
        *(
            replace(each, title=f"{each.title} ({other.get_name()})")
            for other in others
            for each in map(described, _layers(other))
        ),
    )


def described(layer: Gimp.Layer) -> named_pictures.OfferedPicture:
    """Return a layer as it is offered: as large as its image."""
    if not layer.is_valid():
        return named_pictures.OfferedPicture(_key(layer), "?", geometry.Extent(0, 0))
    image = layer.get_image()
    return named_pictures.OfferedPicture(
        _key(layer), layer.get_name(), geometry.Extent(image.get_width(), image.get_height())
    )


def find(key: str) -> Gimp.Layer | None:
    """Return a layer; None where it is gone."""
    found = Gimp.Item.get_by_id(int(key))
    return found if isinstance(found, Gimp.Layer) and found.is_valid() else None


def freeze(key: str) -> named_pictures.FrozenPicture:
    """Copy a layer's own pixels, transparent where it does not reach. Raises InputError where it is gone."""
    layer = find(key)
    if layer is None:
        raise named_pictures.picture_is_gone()
    image = layer.get_image()
    shelf = hidden_images.make(image)
    try:
        copy = Gimp.Layer.new_from_drawable(layer, shelf)
        shelf.insert_layer(copy, None, 0)
        if not copy.has_alpha():
            copy.add_alpha()
        copy.resize_to_image_size()
        kind = ImageKind.of(image, formats.layer_format(copy))
        extent, layout = geometry.Extent(image.get_width(), image.get_height()), kind.layout
        data = buffers.read(copy.get_buffer(), extent.bounds, layout.name, layout.pixels.pixel_size)
        frozen = host.Image(extent, data, layout.pixels)
        return named_pictures.FrozenPicture(frozen, kind.space, None if kind.space else kind.icc)
    finally:
        shelf.delete()


def select(image: Gimp.Image, result: host.Result) -> None:
    """Make a resulting selection the image's, as one step to undo."""
    channel = Gimp.Channel.new(
        image, "foveate-selection", image.get_width(), image.get_height(), 100.0, Gegl.Color.new("black")
    )
    image.undo_group_start()
    try:
        image.insert_channel(channel, None, 0)
        channel.fill(Gimp.FillType.TRANSPARENT)
        buffer = channel.get_buffer()
        for part in result.selection:
            layout = part.coverage.format
            name = f"Y {formats.gimp_name(layout.dtype)}"
            buffers.write(buffer, part.bounds, name, bytes(part.coverage.data), layout.pixel_size)
        buffer.flush()
        image.select_item(Gimp.ChannelOps.REPLACE, channel)
        image.remove_channel(channel)
    finally:
        image.undo_group_end()
    Gimp.displays_flush()


def _layers(image: Gimp.Image) -> list[Gimp.Layer]:
    found, waiting = [], list(reversed(image.get_layers()))
    while waiting:
        layer = waiting.pop()
        if layer.is_group():
            waiting += reversed(layer.get_children())
        else:
            found.append(layer)
    return found


def _key(layer: Gimp.Layer) -> str:
    return str(layer.get_id())
