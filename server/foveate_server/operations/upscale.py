"""Upscale: the region, or all, enlarged as a new image; or in place, with the detail of a larger rendering.

With a checkpoint, the enlarged picture gets new detail: see operations.with_checkpoint.add_detail.
"""

from __future__ import annotations

from foveate_server.engines.values import Strip
from foveate_server.imaging.crop import require_region
from foveate_server.operations.contract import ItemResult, JobRequest, Plan
from foveate_server.operations.document.window_pixels import Surface
from foveate_server.operations.item_run import ItemRun
from foveate_server.operations.parameters import checkpoint_parameters, common_parameters
from foveate_server.operations.with_checkpoint import add_detail
from foveate_server.operations.with_restorer import enlarger, strips, tile_items
from foveate_server.operations.with_restorer.grid import QUARTERS
from foveate_server.operations.with_restorer.restorer import Restorer
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.wire.protocol import JsonObject, Outcome

_MARGIN = 6  # document pixels that stay around a strip for resampling
_SCALE: JsonObject = {
    common_parameters.LEVEL: common_parameters.BASIC,
    "type": "integer",
    "title": "Scale",
    "description": "How many times as wide and high the result is.",
    "enum": [2, 3, 4],
    "default": 4,
}
_TARGET: JsonObject = {
    common_parameters.LEVEL: common_parameters.BASIC,
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
    schema = common_parameters.schema(
        **checkpoint_parameters.SAID,
        scale=_SCALE,
        target=_TARGET,
        **add_detail.PARAMETERS,
        **checkpoint_parameters.SAMPLING,
        model=common_parameters.MODEL,
        exact=common_parameters.EXACT,
        pinned=add_detail.PINNED,
    )

    def plan(self, request: JobRequest) -> Plan:
        """See operations.contract.Operation. Raises InputError for a region that is empty or not in the document."""
        region = request.region
        require_region(region, request.extent)
        if request.is_prompted:
            return add_detail.plan(request)
        if enlarger.is_in_place(request):
            summary = f"Give {region.width} x {region.height} pixels the detail of a larger rendering."
            return Plan("document", request.extent, summary, cut_of(request).items(coverage=True))
        scale = enlarger.scale_of(request)
        extent = Extent(region.width * scale, region.height * scale)
        summary = f"Enlarge {region.width} x {region.height} pixels {scale} times, to {extent.width} x {extent.height}."
        return Plan("new", extent, summary, cut_of(request).items(coverage=False))

    def run(self, run: ItemRun) -> ItemResult:
        """See operations.contract.Operation."""
        request, core, picture = run.request, run.core, run.pixels
        if request.is_prompted:
            return add_detail.paint(run)
        restorer = Restorer(request, run.engine, run.context)
        strip = cut_of(request).strip(run.item, run.window)
        if enlarger.is_in_place(request):
            restored = restorer.restore(picture.working, QUARTERS, sigma=tile_items.TILE_SIGMA, strip=strip)
            run.send(core, restored, run.feather)
        else:
            pixels = _enlarge(request, picture, core, strip, restorer)
            target = core.relative_to(request.region).scaled(enlarger.scale_of(request))
            run.context.patch(target, pixels, None)
        return ItemResult(Outcome(run.item.id, "done"), recipe=restorer.recipe)


def cut_of(request: JobRequest) -> strips.Cut:
    """Return how an upscale by the restorer is cut."""
    if enlarger.is_in_place(request):
        return strips.Cut(request, tile_items.MARGIN, tile_items.MARGIN)
    return strips.Cut(request, _MARGIN + enlarger.AROUND, enlarger.HALO)


def _enlarge(request: JobRequest, picture: Surface, core: Bounds, strip: Strip, restorer: Restorer) -> bytes:
    """Return `core` (document pixels), enlarged, in the document's format."""
    scale = enlarger.scale_of(request)
    # Only what resampling needs stays around the core. All edges are whole document pixels, so that every strip's
    # samples fall on the same places as those of the whole.
    kept = core.pad(_MARGIN).clamp(request.extent).intersect(picture.bounds)
    return enlarger.enlarge(picture, kept, scale, restorer, strip).encode(request, core.relative_to(kept))
