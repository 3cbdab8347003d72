"""Enlarging with the restorer: its detail, the original's colours and light."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy

from foveate_server.engines.contract import Ticker
from foveate_server.engines.values import Strip
from foveate_server.imaging.color import split_range
from foveate_server.imaging.resize import Filter, resize
from foveate_server.imaging.samples import FloatArray, encode
from foveate_server.operations.contract import JobRequest
from foveate_server.operations.document import window_pixels
from foveate_server.operations.document.window_pixels import WindowPixels
from foveate_server.operations.parameters.declaration import parameter
from foveate_server.operations.with_restorer.restorer import Restorer
from foveate_shared.geometry import Bounds, Extent, split
from foveate_shared.pixels import RowOrder
from foveate_shared.wire.schema_words import BASIC

HALO = 72  # document pixels around a region: what shows of the network's (see restoring), and the resampling's
COLOR_SIGMA = 12.0  # document pixels: below this scale colour is the original's
AROUND = round(3 * COLOR_SIGMA)  # document pixels of the rendering around what is kept of it
# What lies between two steps stays in the processor's caches where few pixels are taken at a time.
BAND_AREA = 1 << 20  # pixels of the result that are resampled at a time
ENCODED_AREA = 1 << 16  # likewise, encoded
_REACH = 4  # document pixels that resampling reaches


@dataclass(frozen=True)
class Enlargement:
    """How much larger, and where to."""

    scale: Literal[2, 3, 4] = parameter(
        "Scale", "How many times as wide and high the result is.", default=4, level=BASIC
    )
    target: Literal["new", "document"] = parameter(
        "Target",
        "A new, larger image; or the document itself: in place, with the detail of a larger rendering.",
        default="new",
        level=BASIC,
        titles={"new": "New image", "document": "In place"},
    )

    @property
    def is_in_place(self) -> bool:
        """Tell whether the result lies in the document itself."""
        return self.target == "document"


@dataclass(frozen=True)
class Enlarged:
    """A picture enlarged: what the network made of it, and what corrects its colours, brought together row by row."""

    rendered: FloatArray  # (height * factor, width * factor, 3)
    correction: FloatArray  # (height, width, 3)
    alpha: FloatArray | None  # (height * scale, width * scale)
    scale: int

    @property
    def height(self) -> int:
        """Return that of the picture before it was enlarged."""
        return int(self.correction.shape[0])

    def rows(self, top: int, bottom: int) -> FloatArray:
        """Return what the picture's rows from `top` to `bottom` become, ((bottom - top) * scale, width * scale, 3)."""
        first, last = max(0, top - _REACH), min(self.height, bottom + _REACH)
        factor, scale = self.rendered.shape[0] // self.height, self.scale
        extent = Extent(self.correction.shape[1] * scale, (last - first) * scale)
        wanted = slice((top - first) * scale, (bottom - first) * scale)
        enlarged = resize(self.correction[first:last], extent, Filter.BICUBIC)[wanted]
        if factor == scale:
            enlarged += self.rendered[top * factor : bottom * factor]
        else:
            enlarged += resize(self.rendered[first * factor : last * factor], extent, Filter.LANCZOS)[wanted]
        return enlarged

    def encode(self, request: JobRequest, part: Bounds, ticker: Ticker) -> bytes:
        """Return `part`, in pixels of the picture before it was enlarged, in the document's format."""
        scale, bands = self.scale, []
        for top, bottom in split(part.height, max(1, BAND_AREA // (part.width * scale**2))):
            ticker.give_way()
            rows = slice((part.y + top) * scale, (part.y + bottom) * scale)
            area = Bounds(part.x * scale, 0, part.width * scale, (bottom - top) * scale)
            alpha = None if self.alpha is None else self.alpha[rows]
            bands.append(encode_part(request, self.rows(part.y + top, part.y + bottom), alpha, area))
        return _joined(request, bands)


def enlarge(
    picture: WindowPixels, kept: Bounds, scale: int, restorer: Restorer, strip: Strip | None = None
) -> Enlarged:
    """Return `kept` (document pixels, within the picture) enlarged `scale` times.

    `strip` is what is rendered of the picture, in its pixels: `kept`, and AROUND it what the picture has.
    """
    if strip is None:
        strip = Strip(kept.pad(AROUND).intersect(picture.bounds).relative_to(picture.bounds))
    nominal, rest = split_range(picture.working)
    rendering = restorer.upscale(nominal, restorer.ticker, strip=strip)
    inside = kept.relative_to(picture.bounds)
    within = inside.relative_to(strip.wanted)  # of what is rendered
    correction = _cut(_color_difference(_cut(nominal, strip.wanted), rendering.image, restorer.ticker), within)
    if rest is not None:
        correction = correction + _cut(rest, inside)
    alpha = None if picture.alpha is None else _enlarged_alpha(_cut(picture.alpha, inside), kept.extent.scaled(scale))
    return Enlarged(_cut(rendering.image, within.scaled(rendering.scale)), correction, alpha, scale)


def encode_part(request: JobRequest, enlarged: FloatArray, alpha: FloatArray | None, part: Bounds) -> bytes:
    """Return `part` (its own pixels) of an enlarged picture in the document's format."""
    transform = window_pixels.transform_of(request)
    bands = []
    for top, bottom in split(part.height, max(1, ENCODED_AREA // part.width)):
        band = Bounds(part.x, part.y + top, part.width, bottom - top)
        color = transform.from_working(_cut(enlarged, band))
        bands.append(encode(color, None if alpha is None else _cut(alpha, band), request.format))
    return _joined(request, bands)


def _joined(request: JobRequest, bands: list[bytes]) -> bytes:
    """Return bands from top to bottom as one image, in the document's order of rows."""
    return b"".join(reversed(bands) if request.format.rows is RowOrder.BOTTOM_UP else bands)


def _color_difference(nominal: FloatArray, rendered: FloatArray, ticker: Ticker) -> FloatArray:
    """Return what the low frequencies of `rendered` lack, (height, width, 3) at the extent of `nominal`."""
    height, width = nominal.shape[:2]
    factor = rendered.shape[0] // height
    difference = nominal.copy()
    for top, bottom in split(height, max(1, BAND_AREA // rendered[0].size)):
        ticker.give_way()
        band = rendered[top * factor : bottom * factor]
        difference[top:bottom] -= resize(band, Extent(width, bottom - top), Filter.BOX)
    sigma = (COLOR_SIGMA, COLOR_SIGMA, 0)
    low: FloatArray = scipy.ndimage.gaussian_filter(difference, sigma, mode="reflect", truncate=3.0)
    return low


def _enlarged_alpha(alpha: FloatArray, extent: Extent) -> FloatArray:
    return np.clip(resize(alpha, extent, Filter.BICUBIC), 0, 1)


def _cut(image: FloatArray, part: Bounds) -> FloatArray:
    return image[part.y : part.bottom, part.x : part.right]
