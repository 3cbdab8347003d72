"""Upscale: the region, or all, enlarged as a new image; or in place, with the detail of a larger rendering."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import numpy as np
from scipy import ndimage

from foveate_server.engines.base import Engine
from foveate_server.imaging.color import split_range
from foveate_server.imaging.crop import require_region
from foveate_server.imaging.resize import Filter, resize
from foveate_server.imaging.samples import FloatArray, encode
from foveate_server.operations import inplace, parameters, surface
from foveate_server.operations.base import Context, Item, ItemResult, JobRequest, Plan, WindowData
from foveate_server.operations.restoring import QUARTERS, Restorer
from foveate_server.operations.surface import Surface
from foveate_shared.geometry import Bounds, Extent, tiles
from foveate_shared.protocol import JsonObject, Outcome, WindowRequest

_CORE = 768  # document pixels of a strip's longest side
_HALO = 72  # document pixels around it: the network's 64 (see restoring), and the resampling's
_MARGIN = 6  # document pixels that stay around a strip for resampling
_COLOR_SIGMA = 12.0  # document pixels: below this scale colour is the original's; three sigmas are within the halo
_SCALE: JsonObject = {
    "type": "integer",
    "title": "Scale",
    "description": "How many times as wide and high the result is.",
    "enum": [2, 3, 4],
    "default": 4,
}
_TARGET: JsonObject = {
    "type": "string",
    "title": "Target",
    "description": "A new, larger image; or the document itself: in place, with the detail of a larger rendering.",
    "enum": ["new", "document"],
    "default": "new",
}


class Upscale:
    """One item per strip (a tile, for wide documents); the strips of a new image tile it exactly."""

    name = "upscale"
    title = "Upscale"
    schema = parameters.schema(
        scale=_SCALE, target=_TARGET, model=parameters.MODEL, exact=parameters.EXACT, pinned=parameters.PINNED
    )

    def plan(self, request: JobRequest) -> Plan:
        """See operations.base.Operation. Raises InputError for a region that is empty or not in the document."""
        region = request.region
        require_region(region, request.extent)
        if _is_in_place(request):
            summary = f"Give {region.width} x {region.height} pixels the detail of a larger rendering."
            return Plan("document", request.extent, summary, inplace.tile_items(request, QUARTERS, {}))
        scale = _scale(request)
        extent = Extent(region.width * scale, region.height * scale)
        summary = f"Enlarge {region.width} x {region.height} pixels {scale} times, to {extent.width} x {extent.height}."
        return Plan("new", extent, summary, _strips(request))

    def run(
        self, request: JobRequest, item: Item, windows: Mapping[str, WindowData], engine: Engine, context: Context
    ) -> ItemResult:
        """See operations.base.Operation."""
        (window,) = windows.values()
        core = inplace.core_of(item, request)
        picture = surface.read(request, window)
        restorer = Restorer(request, engine, context)
        if _is_in_place(request):
            restored = restorer.restore(picture.working, QUARTERS, sigma=inplace.TILE_SIGMA)
            inplace.Canvas(request, window, context).send(core, restored, surface.feathered(request, window))
        else:
            pixels = _enlarge(request, picture, core, restorer)
            target = core.relative_to(request.region).scaled(_scale(request))
            context.patch(target, pixels, None)
        return ItemResult(Outcome(item.id, "done"), recipe=restorer.recipe)


def _strips(request: JobRequest) -> tuple[Item, ...]:
    cores = tiles(request.region, Extent(_CORE, _CORE))
    items = []
    for number, core in enumerate(cores, 1):
        name = f"strip-{number}"
        bounds = core.pad(_HALO).clamp(request.extent)
        window = WindowRequest(f"{name}.{inplace.PIXELS}", bounds, bounds.extent)
        arguments: JsonObject = {"core": [core.x, core.y, core.width, core.height]}
        stage = "Enlarging" if len(cores) == 1 else f"Enlarging part {number} of {len(cores)}"
        items.append(Item(name, stage, (window,), arguments, weight=float(core.area)))
    return tuple(items)


def _enlarge(request: JobRequest, picture: Surface, core: Bounds, restorer: Restorer) -> bytes:
    """Return `core` (document pixels), enlarged, in the document's format."""
    scale = _scale(request)
    nominal, rest = split_range(picture.working)
    rendering = restorer.upscale(nominal, restorer.ticker)
    # Only what resampling needs stays around the core. All edges are whole document pixels, so that every strip's
    # samples fall on the same places as those of the whole.
    kept = core.pad(_MARGIN).clamp(request.extent).intersect(picture.bounds)
    inside, result = kept.relative_to(picture.bounds), kept.relative_to(core).scaled(scale)
    enlarged = _cut(rendering.image, inside.scaled(rendering.scale))
    enlarged = resize(enlarged, kept.extent.scaled(scale), Filter.LANCZOS)
    correction = _cut(_color_difference(nominal, rendering.image), inside)
    if rest is not None:
        correction = correction + _cut(rest, inside)
    enlarged += resize(correction, kept.extent.scaled(scale), Filter.BICUBIC)
    final = Bounds(-result.x, -result.y, core.width * scale, core.height * scale)
    alpha = None if picture.alpha is None else _enlarged_alpha(_cut(picture.alpha, inside), kept.extent.scaled(scale))
    color = surface.transform_of(request).from_working(_cut(enlarged, final))
    return encode(color, None if alpha is None else _cut(alpha, final), request.format)


def _color_difference(nominal: FloatArray, rendered: FloatArray) -> FloatArray:
    """Return what the low frequencies of `rendered` lack, (height, width, 3) at the extent of `nominal`."""
    reduced = resize(rendered, surface.extent_of(nominal), Filter.BOX)
    sigma = (_COLOR_SIGMA, _COLOR_SIGMA, 0)
    low: FloatArray = ndimage.gaussian_filter(nominal - reduced, sigma, mode="reflect", truncate=3.0)
    return low


def _enlarged_alpha(alpha: FloatArray, extent: Extent) -> FloatArray:
    return np.clip(resize(alpha, extent, Filter.BICUBIC), 0, 1)


def _cut(image: FloatArray, part: Bounds) -> FloatArray:
    return image[part.y : part.bottom, part.x : part.right]


def _scale(request: JobRequest) -> int:
    return int(cast("int", request.parameters.get("scale") or 4))


def _is_in_place(request: JobRequest) -> bool:
    return request.parameters.get("target") == "document"
