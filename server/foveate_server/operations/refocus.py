"""Refocus: a blurred or noisy region comes into focus, in place; with a checkpoint, it is re-rendered by a prompt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import median
from typing import cast

from foveate_server.engines.contract import Ticker
from foveate_server.families.family import REPAINTS
from foveate_server.imaging.blur_estimate import estimate_blur
from foveate_server.imaging.crop import context_window, require_region
from foveate_server.imaging.reach import Reach, reduction_for
from foveate_server.models.model_requirement import RESTORERS, checkpoints
from foveate_server.operations import costs, split_selection
from foveate_server.operations.contract import Item, ItemResult, JobRequest, Plan
from foveate_server.operations.document import patches, window_pixels
from foveate_server.operations.item_run import ItemRun
from foveate_server.operations.parameters import common_parameters
from foveate_server.operations.parameters.checkpoint_parameters import PromptParameters, SamplingParameters
from foveate_server.operations.parameters.common_parameters import RenderingParameters, Share
from foveate_server.operations.parameters.declaration import Declaration, group, parameter
from foveate_server.operations.progress_share import divide
from foveate_server.operations.split_selection import PartWork
from foveate_server.operations.with_checkpoint import refocus_region
from foveate_server.operations.with_restorer import diagnosis, tile_items
from foveate_server.operations.with_restorer.diagnosis import Diagnosis
from foveate_server.operations.with_restorer.grid import QUARTERS, snap
from foveate_server.operations.with_restorer.restorer import Restorer
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.i18n.sentence import Sentence
from foveate_shared.wire.protocol import JsonObject, Outcome, WindowRequest
from foveate_shared.wire.schema_words import ADVANCED

_PROBE_SIDE = 256  # pixels: what is looked at to tell the blur of a large region
_INSPECT, _WHOLE = "inspect", "refocus"


@dataclass(frozen=True)
class RefocusParameters:
    """What can be said of it."""

    said: PromptParameters = group(PromptParameters)
    strength: Share = common_parameters.strength(diffusion=0.5)
    split: bool = parameter(
        "Each part by itself",
        "Whether what is not connected in the selection is worked on part by part, each with full attention.",
        default=False,
        level=ADVANCED,
    )
    sampling: SamplingParameters = group(SamplingParameters)
    rendering: RenderingParameters = group(RenderingParameters)


class Refocus:
    """A region is restored as one, or, where it is large, its blur is measured first and then tile after tile.

    Outcomes carry `blur` (pixels), `reduction` and `strength` (what was applied).
    """

    name = "refocus"
    title = "Refocus"
    parameters = Declaration(RefocusParameters, models=(RESTORERS, checkpoints(REPAINTS)))

    def plan(self, request: JobRequest, parameters: RefocusParameters) -> Plan:
        """See operations.operation.Operation. Raises InputError for a region that is empty or not in the document."""
        if parameters.split and split_selection.falls_apart(request):
            require_region(request.region, request.extent)
            summary = Sentence(
                "Refocus each part of the selection at strength {strength:g}.", strength=parameters.strength
            )
            return Plan("document", request.extent, summary, split_selection.first_items(request))
        if request.is_prompted:
            return refocus_region.plan(request, parameters)
        window = context_window(request.region, request.extent)
        size = f"{request.region.width} x {request.region.height}"
        summary = Sentence(
            "Bring {size} pixels into focus at strength {strength:g}.", size=size, strength=parameters.strength
        )
        items: tuple[Item, ...]
        most_work: float | None = None
        if window.area <= tile_items.SINGLE_AREA:
            item = Item(
                _WHOLE,
                "Bringing into focus",
                (patches.window_of(window, request, item=_WHOLE),),
                weight=costs.restoring(window.area) + 3 * costs.detecting(window.extent),
            )
            items = (item,)
        elif parameters.strength == 0:
            items = tile_items.tile_items(request, QUARTERS, _reach_arguments(0.0, Reach(1.0, 1.0, None)))
        else:
            items = (Item(_INSPECT, "Measuring the blur", _probes(request.region), is_survey=True),)
            most_work = tile_items.most_work(request)
        return Plan("document", request.extent, summary, items, most_work=most_work)

    def run(self, run: ItemRun[RefocusParameters]) -> ItemResult:
        """See operations.operation.Operation."""
        if run.parameters.split and split_selection.falls_apart(run.request):
            return split_selection.carry_out(run, self._part_work(run))
        return self._run(run)

    def _part_work(self, run: ItemRun[RefocusParameters]) -> PartWork[RefocusParameters]:
        alone = replace(run.parameters, split=False)
        return PartWork(lambda request: self.plan(request, alone).items, self._run, _seen_area(run.request))

    def _run(self, run: ItemRun[RefocusParameters]) -> ItemResult:
        if run.item.id == _INSPECT:
            return _inspect(run)
        strength, seed = run.parameters.strength, run.parameters.sampling.seed
        if not run.request.is_prompted:
            return run.unchanged_at_zero(strength, run.core, {}) or _restore(run)
        return run.unchanged_at_zero(strength, run.core, {}, seed=seed) or refocus_region.repaint(run)


def _inspect(run: ItemRun[RefocusParameters]) -> ItemResult:
    """Measure the blur in some places of a large region, and plan its tiles with one reduction for all."""
    request, item, blurs = run.request, run.item, []
    for number, window in enumerate(run.windows.values()):
        run.context.progress(item.stage, number / len(run.windows))
        blurs.append(estimate_blur(window_pixels.read(request, window).working))
    blur = float(median(blurs))
    reach = reduction_for(blur, _subject_side(request.region))
    if reach.effect <= 0:
        return ItemResult(_outcome(item.id, "kept", Diagnosis(blur, reach, None)))
    tiles = tile_items.tile_items(request, snap(reach.reduction), _reach_arguments(blur, reach))
    return ItemResult(Outcome(item.id, "done", reach.sentence or "", {"blur": blur}), tiles)


def _restore(run: ItemRun[RefocusParameters]) -> ItemResult:
    item, picture = run.item.id, run.pixels
    is_tile = "reduction" in run.item.arguments
    extent = window_pixels.extent_of(picture.working)
    looking = costs.detecting(extent)
    most = (looking, costs.restoring(extent.area) + 2 * looking)  # where nothing is reduced, and there is a face
    seen = _subject_from(run.item) if is_tile else diagnosis.examine(run, divide(run.context, *most)[0])
    reach = seen.reach
    amount = run.parameters.strength * reach.effect
    if amount == 0:
        return ItemResult(_outcome(item, "kept", seen))
    restorer = Restorer.of(run, run.context)
    sigma = tile_items.TILE_SIGMA if is_tile else None
    quarters = restorer.quarters(reach.reduction, extent)
    judging: Ticker = run.context
    if not is_tile:
        restoring = costs.restoring(extent.area * (QUARTERS / quarters) ** 2)
        cost = (looking, restoring, 2 * looking if seen.face else 0.0)
        run.context.weigh(run.item.weight * sum(cost) / sum(most))
        _, restorer.ticker, judging = divide(run.context, *cost)
    seen = replace(seen, reach=replace(reach, reduction=quarters / QUARTERS))
    restored = restorer.restore(picture.working, quarters, sigma=sigma)
    blended = picture.working + amount * (restored - picture.working)
    problem = diagnosis.problem_with(seen, run, blended, judging)
    if problem is not None:
        return ItemResult(replace(_outcome(item, "kept", seen), message=problem), recipe=restorer.recipe)
    if not run.send(run.core, blended, run.feather):
        return ItemResult(Outcome(item, "kept", "Nothing is selected here.", {}), recipe=restorer.recipe)
    return ItemResult(_outcome(item, "done", seen, amount), recipe=restorer.recipe)


def _seen_area(request: JobRequest) -> int:
    """Return how many pixels a network sees as they are."""
    trained = request.model.defaults.get("pixels") if request.is_prompted and request.model else None
    return trained if isinstance(trained, int) else tile_items.SINGLE_AREA


def _probes(region: Bounds) -> tuple[WindowRequest, ...]:
    """Return five places of a large region, in its middle and towards its corners, at their own scale."""
    side = Extent(min(_PROBE_SIDE, region.width), min(_PROBE_SIDE, region.height))
    shares = ((0.5, 0.5), (0.2, 0.2), (0.8, 0.2), (0.2, 0.8), (0.8, 0.8))
    probes = []
    for number, (x, y) in enumerate(shares, 1):
        left = region.x + round((region.width - side.width) * x)
        top = region.y + round((region.height - side.height) * y)
        probes.append(WindowRequest(f"{_INSPECT}.{number}", Bounds(left, top, side.width, side.height), side))
    return tuple(probes)


def _subject_side(region: Bounds) -> float:
    return float(min(region.width, region.height))


def _reach_arguments(blur: float, reach: Reach) -> JsonObject:
    return {"blur": blur, "reduction": reach.reduction, "effect": reach.effect}


def _subject_from(item: Item) -> Diagnosis:
    blur, reduction, effect = (float(cast("float", item.arguments[name])) for name in ("blur", "reduction", "effect"))
    return Diagnosis(blur, Reach(reduction, effect, None), None)


def _outcome(item: str, status: str, seen: Diagnosis, amount: float = 0.0) -> Outcome:
    reduction = snap(seen.reach.reduction) / QUARTERS
    data: JsonObject = {"blur": round(seen.blur, 3), "reduction": reduction, "strength": amount}
    return Outcome(item, status, seen.reach.sentence or "", data)
