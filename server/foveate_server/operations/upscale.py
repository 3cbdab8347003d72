"""Upscale: the region, or all, enlarged as a new image; or in place, with the detail of a larger rendering.

With a checkpoint, the enlarged picture gets new detail: see operations.redetailing.
"""

from __future__ import annotations

from collections.abc import Mapping

from foveate_server.engines.base import Engine, Strip
from foveate_server.imaging.crop import require_region
from foveate_server.operations import enlarging, inplace, parameters, redetailing, strips, surface, words
from foveate_server.operations.base import Context, Item, ItemResult, JobRequest, Plan, WindowData
from foveate_server.operations.restoring import QUARTERS, Restorer
from foveate_server.operations.surface import Surface
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.protocol import JsonObject, Outcome

_MARGIN = 6  # document pixels that stay around a strip for resampling
_SCALE: JsonObject = {
    parameters.LEVEL: parameters.BASIC,
    "type": "integer",
    "title": "Scale",
    "description": "How many times as wide and high the result is.",
    "enum": [2, 3, 4],
    "default": 4,
}
_TARGET: JsonObject = {
    parameters.LEVEL: parameters.BASIC,
    "type": "string",
    "title": "Target",
    "description": "A new, larger image; or the document itself: in place, with the detail of a larger rendering.",
    "enum": ["new", "document"],
    "default": "new",
}


class Upscale:
    """One item per strip; those of a new image tile it exactly."""

    name = "upscale"
    title = "Upscale"
    schema = parameters.schema(
        **words.SAID,
        scale=_SCALE,
        target=_TARGET,
        **redetailing.PARAMETERS,
        **words.SAMPLING,
        model=parameters.MODEL,
        exact=parameters.EXACT,
        pinned=redetailing.PINNED,
    )

    def plan(self, request: JobRequest) -> Plan:
        """See operations.base.Operation. Raises InputError for a region that is empty or not in the document."""
        region = request.region
        require_region(region, request.extent)
        if request.is_prompted:
            return redetailing.plan(request)
        if enlarging.is_in_place(request):
            summary = f"Give {region.width} x {region.height} pixels the detail of a larger rendering."
            return Plan("document", request.extent, summary, cut_of(request).items(coverage=True))
        scale = enlarging.scale_of(request)
        extent = Extent(region.width * scale, region.height * scale)
        summary = f"Enlarge {region.width} x {region.height} pixels {scale} times, to {extent.width} x {extent.height}."
        return Plan("new", extent, summary, cut_of(request).items(coverage=False))

    def run(
        self, request: JobRequest, item: Item, windows: Mapping[str, WindowData], engine: Engine, context: Context
    ) -> ItemResult:
        """See operations.base.Operation."""
        (window,) = windows.values()
        if request.is_prompted:
            return redetailing.run(request, item, window, engine, context)
        core = inplace.core_of(item, request)
        picture = surface.read(request, window)
        restorer, strip = Restorer(request, engine, context), cut_of(request).strip(item, window)
        if enlarging.is_in_place(request):
            restored = restorer.restore(picture.working, QUARTERS, sigma=inplace.TILE_SIGMA, strip=strip)
            inplace.Canvas(request, window, context).send(core, restored, surface.feathered(request, window))
        else:
            pixels = _enlarge(request, picture, core, strip, restorer)
            target = core.relative_to(request.region).scaled(enlarging.scale_of(request))
            context.patch(target, pixels, None)
        return ItemResult(Outcome(item.id, "done"), recipe=restorer.recipe)


def cut_of(request: JobRequest) -> strips.Cut:
    """Return how an upscale by the restorer is cut."""
    if enlarging.is_in_place(request):
        return strips.Cut(request, inplace.MARGIN, inplace.MARGIN)
    return strips.Cut(request, _MARGIN + enlarging.AROUND, enlarging.HALO)


def _enlarge(request: JobRequest, picture: Surface, core: Bounds, strip: Strip, restorer: Restorer) -> bytes:
    """Return `core` (document pixels), enlarged, in the document's format."""
    scale = enlarging.scale_of(request)
    # Only what resampling needs stays around the core. All edges are whole document pixels, so that every strip's
    # samples fall on the same places as those of the whole.
    kept = core.pad(_MARGIN).clamp(request.extent).intersect(picture.bounds)
    return enlarging.enlarge(picture, kept, scale, restorer, strip).encode(request, core.relative_to(kept))
