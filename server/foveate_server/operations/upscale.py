"""Upscale: the region, or all, enlarged as a new image; or in place, with the detail of a larger rendering.

With a checkpoint, the enlarged picture gets new detail: see operations.with_checkpoint.add_detail.
"""

from __future__ import annotations

from dataclasses import dataclass

from foveate_server.engines.values import Strip
from foveate_server.families.family import ADDS_DETAIL
from foveate_server.imaging.crop import require_region
from foveate_server.models.model_requirement import ENLARGERS, checkpoints
from foveate_server.operations.contract import ItemResult, JobRequest, Plan
from foveate_server.operations.item_run import ItemRun
from foveate_server.operations.parameters.checkpoint_parameters import PromptParameters, SamplingParameters
from foveate_server.operations.parameters.declaration import Declaration, group
from foveate_server.operations.with_checkpoint import add_detail
from foveate_server.operations.with_checkpoint.add_detail import Detail, DetailRenderingParameters
from foveate_server.operations.with_restorer import enlarger, strips, tile_items
from foveate_server.operations.with_restorer.enlarger import Enlargement
from foveate_server.operations.with_restorer.grid import QUARTERS
from foveate_server.operations.with_restorer.restorer import Restorer
from foveate_shared.geometry import Extent
from foveate_shared.i18n.sentence import Sentence
from foveate_shared.wire.protocol import Outcome

_MARGIN = 6  # document pixels that stay around a strip for resampling


@dataclass(frozen=True)
class UpscaleParameters:
    """What can be said of it."""

    said: PromptParameters = group(PromptParameters)
    size: Enlargement = group(Enlargement)
    detail: Detail = group(Detail)
    sampling: SamplingParameters = group(SamplingParameters)
    rendering: DetailRenderingParameters = group(DetailRenderingParameters)

    @property
    def strength(self) -> float:
        """Return how much detail may be invented."""
        return self.detail.strength


class Upscale:
    """One item per strip; those of a new image tile it exactly."""

    name = "upscale"
    title = "Upscale"
    parameters = Declaration(UpscaleParameters, models=(ENLARGERS, checkpoints(ADDS_DETAIL)))

    def plan(self, request: JobRequest, parameters: UpscaleParameters) -> Plan:
        """See operations.operation.Operation. Raises InputError for a region that is empty or not in the document."""
        region = request.region
        require_region(region, request.extent)
        if request.is_prompted:
            return add_detail.plan(request, parameters)
        if parameters.size.is_in_place:
            summary = Sentence(
                "Give {width} x {height} pixels the detail of a larger rendering.",
                width=region.width,
                height=region.height,
            )
            return Plan("document", request.extent, summary, cut_of(request, parameters.size).items(coverage=True))
        scale = parameters.size.scale
        extent = Extent(region.width * scale, region.height * scale)
        summary = Sentence(
            "Enlarge {width} x {height} pixels {scale} times, to {new_width} x {new_height}.",
            width=region.width,
            height=region.height,
            scale=scale,
            new_width=extent.width,
            new_height=extent.height,
        )
        return Plan("new", extent, summary, cut_of(request, parameters.size).items(coverage=False))

    def run(self, run: ItemRun[UpscaleParameters]) -> ItemResult:
        """See operations.operation.Operation."""
        request, core = run.request, run.core
        if request.is_prompted:
            return add_detail.paint(run)
        restorer, size = Restorer.of(run, run.context), run.parameters.size
        strip = cut_of(request, size).strip(run.item, run.window)
        if size.is_in_place:
            restored = restorer.restore(run.pixels.working, QUARTERS, sigma=tile_items.TILE_SIGMA, strip=strip)
            run.send(core, restored, run.feather)
        else:
            pixels = _enlarge(run, strip, restorer)
            target = core.relative_to(request.region).scaled(size.scale)
            run.context.patch(target, pixels, None)
        return ItemResult(Outcome(run.item.id, "done"), recipe=restorer.recipe)


def cut_of(request: JobRequest, size: Enlargement) -> strips.Cut:
    """Return how an upscale by the restorer is cut."""
    if size.is_in_place:
        return strips.Cut(request, tile_items.MARGIN, tile_items.MARGIN)
    return strips.Cut(request, _MARGIN + enlarger.AROUND, enlarger.HALO)


def _enlarge(run: ItemRun[UpscaleParameters], strip: Strip, restorer: Restorer) -> bytes:
    """Return the item's core, enlarged, in the document's format."""
    request, picture, core, scale = run.request, run.pixels, run.core, run.parameters.size.scale
    # Only what resampling needs stays around the core. All edges are whole document pixels, so that every strip's
    # samples fall on the same places as those of the whole.
    kept = core.pad(_MARGIN).clamp(request.extent).intersect(picture.bounds)
    return enlarger.enlarge(picture, kept, scale, restorer, strip).encode(request, core.relative_to(kept), run.context)
