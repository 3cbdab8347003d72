"""Where to look for faces: an image at several scales, in overlapping tiles, turned by quarters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

import numpy as np
import scipy

from foveate_server.engines.detection.view_geometry import ViewPlacement
from foveate_server.engines.values import Face, Image
from foveate_server.imaging.resize import Filter, resize
from foveate_shared.geometry import Bounds, Extent, tiles

# CenterFace finds faces of 12 to some 300 pixels in what it sees (measured on one face at 16 sizes), best at about 80.
_STEP = 3.0  # between two scales: faces of 36 to 100 pixels in one are found in the next as well
_SMALLEST_VIEW = 448  # pixels, long side: there a face that fills the frame is small enough
_TILE = 1024  # pixels of a tile's core
_OVERLAP = 128  # pixels that tiles reach beyond their core: faces up to this size are whole in one of them
_ENLARGED_AREA = 1 << 21  # pixels: images up to this size are searched at double size too, for the smallest faces
_TURNED_AREA = 1 << 21  # pixels: views up to this size are also looked at sideways and upside down
CLOSE_SIDE = 192  # pixels: of the view for a close look ...
_CLOSE_SHARE = 0.45  # ... and how much of it the face's longer side takes


@dataclass(frozen=True)
class DetectorView:
    """A part of the image to run the network on."""

    pixels: Image
    placement: ViewPlacement


def views(image: Image) -> Iterator[DetectorView]:
    """Yield everything to look at in order to find upright, tilted and turned faces from 16 pixels to the whole frame.

    One view is in memory at a time, beside one scaled copy of the image.
    """
    extent = Extent(image.shape[1], image.shape[0])
    for scale in scales(extent):
        scaled = resize(image, extent.scaled(scale), Filter.BICUBIC)
        for turn in _turns(scale, extent.scaled(scale)):
            yield from _tiled(np.rot90(scaled, turn), turn, extent)


def searched_areas(extent: Extent) -> list[int]:
    """Return the pixels of each of :func:`views`, in their order."""
    return [
        core.pad(_OVERLAP).clamp(whole).area
        for scale in scales(extent)
        for turn in _turns(scale, extent.scaled(scale))
        for whole in [_turned_extent(extent.scaled(scale), turn)]
        for core in _cores(whole)
    ]


def scales(extent: Extent) -> list[float]:
    """Return the factors by which an image of `extent` is resized, largest first."""
    factors = [2.0] if extent.area <= _ENLARGED_AREA else []
    factors.append(1.0)
    while max(extent.width, extent.height) * factors[-1] > _SMALLEST_VIEW:
        factors.append(factors[-1] / _STEP)
    return factors


def close_view(image: Image, face: Face) -> DetectorView:
    """Return the surroundings of `face`, scaled so that the network sees it at the size that it knows best.

    The view is a square of CLOSE_SIDE pixels with the face in its middle; black where it reaches out of the image.
    """
    x, y, width, height = face.box
    side = max(8, ceil(max(width, height) / _CLOSE_SHARE))
    left, top = round(x + (width - side) / 2), round(y + (height - side) / 2)
    square = Bounds(left, top, side, side)
    part = square.clamp(Extent(image.shape[1], image.shape[0]))
    pixels = np.zeros((side, side, 3), np.float32)
    inside = part.relative_to(square)
    pixels[inside.y : inside.bottom, inside.x : inside.right] = image[part.y : part.bottom, part.x : part.right]
    scaled = resize(pixels, Extent(CLOSE_SIDE, CLOSE_SIDE), Filter.BICUBIC)
    scale = CLOSE_SIDE / side
    return DetectorView(scaled, ViewPlacement(x=left, y=top, scale_x=scale, scale_y=scale))


def turned(view: DetectorView, *, diagonal: bool) -> Iterator[DetectorView]:
    """Yield an unturned square view in four directions: the straight ones, or those between them.

    `Placement.to_image` of each gives pixels of `view`.
    """
    side = view.pixels.shape[0]
    pixels = _turned_by_45_degrees(view.pixels) if diagonal else view.pixels
    for quarter in range(4):
        yield DetectorView(np.rot90(pixels, quarter), ViewPlacement(quarter + diagonal / 2, side, side))


def _turned_by_45_degrees(pixels: Image) -> Image:
    turned: Image = scipy.ndimage.rotate(pixels, 45, reshape=False, order=1, mode="constant")
    return turned


def _turns(scale: float, scaled: Extent) -> range:
    """Return the quarters by which a view at `scale` is turned."""
    return range(4) if scale <= 1 and scaled.area <= _TURNED_AREA else range(1)


def _turned_extent(extent: Extent, turn: int) -> Extent:
    return Extent(extent.height, extent.width) if turn % 2 else extent


def _cores(whole: Extent) -> list[Bounds]:
    return tiles(whole.bounds, Extent(_TILE, _TILE))


def _tiled(scaled: Image, turn: int, extent: Extent) -> Iterator[DetectorView]:
    turned_extent = _turned_extent(extent, turn)
    scale_x, scale_y = scaled.shape[1] / turned_extent.width, scaled.shape[0] / turned_extent.height
    whole = Extent(scaled.shape[1], scaled.shape[0])
    for core in _cores(whole):
        part = core.pad(_OVERLAP).clamp(whole)
        pixels = scaled[part.y : part.bottom, part.x : part.right]
        placement = ViewPlacement(
            turn, extent.width, extent.height, part.x / scale_x, part.y / scale_y, scale_x, scale_y
        )
        yield DetectorView(pixels, placement)
