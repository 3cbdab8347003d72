"""Enlarging with the restorer: its detail, the original's colours and light."""

from __future__ import annotations

from typing import cast

import numpy as np
from scipy import ndimage

from foveate_server.engines.base import Strip
from foveate_server.imaging.color import split_range
from foveate_server.imaging.resize import Filter, resize
from foveate_server.imaging.samples import FloatArray, encode
from foveate_server.operations import surface
from foveate_server.operations.base import JobRequest
from foveate_server.operations.restoring import Restorer
from foveate_server.operations.surface import Surface
from foveate_shared.geometry import Bounds, Extent

HALO = 72  # document pixels around a region: what shows of the network's (see restoring), and the resampling's
COLOR_SIGMA = 12.0  # document pixels: below this scale colour is the original's
AROUND = round(3 * COLOR_SIGMA)  # document pixels of the rendering around what is kept of it


def scale_of(request: JobRequest) -> int:
    """Return how many times as wide and high the result is."""
    return int(cast("int", request.parameters.get("scale") or 4))


def is_in_place(request: JobRequest) -> bool:
    """Tell whether the result lies in the document itself."""
    return request.parameters.get("target") == "document"


def enlarge(
    picture: Surface, kept: Bounds, scale: int, restorer: Restorer, strip: Strip | None = None
) -> tuple[FloatArray, FloatArray | None]:
    """Return `kept` (document pixels, within the picture) enlarged, (height, width, 3) times `scale`, and its alpha.

    `strip` is what is rendered of the picture, in its pixels: `kept`, and AROUND it what the picture has.
    """
    if strip is None:
        strip = Strip(kept.pad(AROUND).intersect(picture.bounds).relative_to(picture.bounds))
    nominal, rest = split_range(picture.working)
    rendering = restorer.upscale(nominal, restorer.ticker, strip=strip)
    inside = kept.relative_to(picture.bounds)
    within = inside.relative_to(strip.wanted)  # of what is rendered
    correction = _cut(_color_difference(_cut(nominal, strip.wanted), rendering.image), within)
    if rest is not None:
        correction = correction + _cut(rest, inside)
    enlarged = resize(correction, kept.extent.scaled(scale), Filter.BICUBIC)
    rendered = _cut(rendering.image, within.scaled(rendering.scale))
    enlarged += rendered if rendering.scale == scale else resize(rendered, kept.extent.scaled(scale), Filter.LANCZOS)
    alpha = None if picture.alpha is None else _enlarged_alpha(_cut(picture.alpha, inside), kept.extent.scaled(scale))
    return enlarged, alpha


def encode_part(request: JobRequest, enlarged: FloatArray, alpha: FloatArray | None, part: Bounds) -> bytes:
    """Return `part` (its own pixels) of an enlarged picture in the document's format."""
    color = surface.transform_of(request).from_working(_cut(enlarged, part))
    return encode(color, None if alpha is None else _cut(alpha, part), request.format)


def _color_difference(nominal: FloatArray, rendered: FloatArray) -> FloatArray:
    """Return what the low frequencies of `rendered` lack, (height, width, 3) at the extent of `nominal`."""
    reduced = resize(rendered, surface.extent_of(nominal), Filter.BOX)
    sigma = (COLOR_SIGMA, COLOR_SIGMA, 0)
    low: FloatArray = ndimage.gaussian_filter(nominal - reduced, sigma, mode="reflect", truncate=3.0)
    return low


def _enlarged_alpha(alpha: FloatArray, extent: Extent) -> FloatArray:
    return np.clip(resize(alpha, extent, Filter.BICUBIC), 0, 1)


def _cut(image: FloatArray, part: Bounds) -> FloatArray:
    return image[part.y : part.bottom, part.x : part.right]
