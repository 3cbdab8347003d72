"""Upscaling with new detail: enlarged by the default restorer, then re-rendered by a checkpoint as one latent canvas.

Faces keep what the restorer made of them: at a strength that is good for walls and leaves, a checkpoint makes other
people of them; `faces` re-renders them apart.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from foveate_server.engines.contract import Ticker
from foveate_server.engines.detection.faces import FACES
from foveate_server.engines.diffusion_request import ShowPreview
from foveate_server.engines.values import Face
from foveate_server.imaging import mask
from foveate_server.imaging.colormatch import match_low_frequencies
from foveate_server.imaging.samples import FloatArray
from foveate_server.operations import costs
from foveate_server.operations.contract import Item, ItemResult, JobRequest, Plan
from foveate_server.operations.document import patches, window_pixels
from foveate_server.operations.item_run import ItemRun
from foveate_server.operations.parameters import checkpoint_parameters, roles
from foveate_server.operations.parameters.checkpoint_parameters import Prompted, for_checkpoints
from foveate_server.operations.parameters.common_parameters import (
    ModelName,
    PinnedNetwork,
    PinnedValues,
    RenderingParameters,
    Share,
    pinned,
)
from foveate_server.operations.parameters.declaration import parameter
from foveate_server.operations.progress_share import divide
from foveate_server.operations.single_face import upright
from foveate_server.operations.with_checkpoint import fading_canvases, refocus_region, safety_policy
from foveate_server.operations.with_checkpoint.painter import Painter, Wish
from foveate_server.operations.with_checkpoint.painting_cost import looking_cost, painting_cost
from foveate_server.operations.with_restorer import enlarger, tile_items
from foveate_server.operations.with_restorer.enlarger import Enlargement
from foveate_server.operations.with_restorer.grid import QUARTERS
from foveate_server.operations.with_restorer.restorer import Restorer
from foveate_shared.errors import ResourceError
from foveate_shared.geometry import Bounds, Extent, tiles
from foveate_shared.i18n.sentence import Sentence
from foveate_shared.wire.protocol import JsonObject, Outcome, as_object
from foveate_shared.wire.schema_words import ADVANCED, BASIC

SINGLE_AREA = 3072 * 3072  # pixels of a new image that is rendered as one canvas
CANVAS_SIDE = 2048  # pixels of the new image: of the core of one of several canvases
_CONTEXT = 48  # document pixels around a core that its canvas sees too
_FADE = 16  # document pixels over which a canvas fades in over those before it
_FACE_SCORE = 0.4
_RESTORER = "restorer"  # in the recipe: what enlarged first, and its own values among the pinned ones


@dataclass(frozen=True)
class Detail:
    """How a checkpoint adds detail to what was enlarged."""

    strength: Share = for_checkpoints(
        "Strength",
        "How much detail the checkpoint may invent: 0 is the restorer's result alone.",
        default=0.3,
        level=BASIC,
    )
    restorer: ModelName | None = for_checkpoints(
        "Restorer",
        "Which restorer enlarges before the checkpoint adds detail. Without it, the default one.",
        role=roles.RESTORER,
        level=ADVANCED,
    )
    anchor: Share = for_checkpoints(
        "Anchor",
        "How far tiles keep to what the whole picture shows, so that a wall stays that wall.",
        default=1,
        level=ADVANCED,
    )
    tile: int | None = for_checkpoints(
        "Tile",
        "Side of a tile in pixels of the result. Without it, what the checkpoint was trained at.",
        level=ADVANCED,
        minimum=128,
        maximum=8192,
    )
    overlap: int | None = for_checkpoints(
        "Overlap",
        "Pixels by which tiles overlap. Without it, the more the higher the strength.",
        level=ADVANCED,
        minimum=0,
        maximum=4096,
    )


@dataclass(frozen=True)
class PinnedBoth(PinnedValues):
    """The values that a recipe fixes of the checkpoint and of the restorer before it."""

    restorer: PinnedNetwork = parameter("Pinned values of the restorer", absent=PinnedNetwork())


@dataclass(frozen=True)
class DetailRenderingParameters(RenderingParameters):
    """By which models, and how exactly."""

    pinned: PinnedBoth = pinned(PinnedBoth())


class Detailed(Prompted, Protocol):
    """What is asked of an operation's parameters here."""

    @property
    def size(self) -> Enlargement:
        """Return how much larger, and where to."""

    @property
    def detail(self) -> Detail:
        """Return how detail is added."""

    @property
    def rendering(self) -> DetailRenderingParameters:
        """Return by which models, and how exactly."""


def plan(request: JobRequest, asked: Detailed) -> Plan:
    """Return the items of a region that is in the document."""
    region, size, strength = request.region, asked.size, asked.strength
    if size.is_in_place:
        summary = Sentence(
            "Give {width} x {height} pixels new detail at strength {strength:g}.",
            width=region.width,
            height=region.height,
            strength=strength,
        )
        return Plan(
            "document",
            request.extent,
            summary,
            fading_canvases.canvas_items(
                region,
                request,
                "Adding detail, part {number} of {count}",
                lambda extent: _weight(request, asked, extent, extent),
            ),
        )
    scale = size.scale
    extent = region.extent.scaled(scale)
    summary = Sentence(
        "Enlarge {width} x {height} pixels {scale} times, to {new_width} x {new_height}, and add detail at "
        "strength {strength:g}.",
        width=region.width,
        height=region.height,
        scale=scale,
        new_width=extent.width,
        new_height=extent.height,
        strength=strength,
    )
    side = max(region.width, region.height) if extent.area <= SINGLE_AREA else max(1, CANVAS_SIDE // scale)
    cores = tiles(region, Extent(side, side))
    items = []
    for number, core in enumerate(cores, 1):
        name = f"canvas-{number}"
        window = patches.window_of(core.pad(enlarger.HALO).clamp(request.extent), request, item=name, coverage=False)
        told: JsonObject = {"core": [core.x, core.y, core.width, core.height]}
        weight = _weight(request, asked, window.extent, _kept(request, core).extent.scaled(scale))
        stage = (
            "Enlarging"
            if len(cores) == 1
            else Sentence("Enlarging, part {number} of {count}", number=number, count=len(cores))
        )
        items.append(Item(name, stage, (window,), told, weight=weight))
    return Plan("new", extent, summary, tuple(items))


def paint(run: ItemRun[Detailed]) -> ItemResult:
    """Carry out an item of :func:`plan`."""
    size, seen = run.parameters.size, run.pixels.bounds.extent
    painted = seen if size.is_in_place else _kept(run.request, run.core).extent.scaled(size.scale)
    looking, restoring, painting = divide(run.context, *_costs(run, seen, painted))
    restorer, painter, faces = _restorer(run, restoring), _painter(run, painting), _faces(run, looking)
    if size.is_in_place:
        return _in_place(run, faces, restorer, painter)
    return _enlarged(run, faces, restorer, painter)


def _kept(request: JobRequest, core: Bounds) -> Bounds:
    """Return what is enlarged and re-rendered for the sake of `core`, both in document pixels."""
    return core.pad(_CONTEXT).clamp(request.extent)


def _weight(request: JobRequest, asked: Detailed, seen: Extent, painted: Extent) -> float:
    """Return what an item costs whose window is `seen` so large."""
    return costs.detecting(seen) + costs.restoring(seen.area) + painting_cost(request, asked, painted.area)


def _costs(run: ItemRun[Detailed], seen: Extent, painted: Extent) -> tuple[float, float, float]:
    """Return what it costs to look for faces in a window as it is `seen`, to restore and to re-render it."""
    painting = painting_cost(run.request, run.parameters, painted.area)
    return looking_cost(run, seen, painting), costs.restoring(seen.area), painting


def _in_place(run: ItemRun[Detailed], faces: list[Face], restorer: Restorer, painter: Painter) -> ItemResult:
    bounds = run.window.bounds
    core = fading_canvases.faded_core(run)
    restored = restorer.restore(run.pixels.working, QUARTERS, sigma=tile_items.TILE_SIGMA)
    free = _free(faces, bounds.extent.bounds, 1)
    coverage = np.minimum(run.selection, free)
    painted = _paint(run, painter, restored, coverage, refocus_region.show_in(run.context, bounds, core))
    mixed = restored + free[..., np.newaxis] * (painted - restored)
    faded = np.minimum(run.feather, fading_canvases.fade(run))
    outcome = Outcome(run.item.id, "done", _sentence(faces), _data(run, painter, faces))
    result = safety_policy.finish(run, core, mixed, faded, painter=painter, outcome=outcome)
    return replace(result, recipe=_recipe(painter, restorer))


def _enlarged(run: ItemRun[Detailed], faces: list[Face], restorer: Restorer, painter: Painter) -> ItemResult:
    request, picture, core = run.request, run.pixels, run.core
    region, scale = request.region, run.parameters.size.scale
    kept = _kept(request, core).intersect(picture.bounds)
    restored = enlarger.enlarge(picture, kept, scale, restorer)
    enlarged = restored.rows(0, restored.height)
    free = _free(faces, kept.relative_to(picture.bounds), scale)
    part = Bounds.from_edges(max(region.x, core.x - _FADE), max(region.y, core.y - _FADE), core.right, core.bottom)
    frame = kept.relative_to(region).scaled(scale)  # reaches out of the frame where the region has surroundings
    show = refocus_region.show_in(run.context, frame, part.relative_to(region).scaled(scale))
    painted = _paint(run, painter, enlarged, free, show)
    painted = match_low_frequencies(painted, enlarged, sigma=enlarger.COLOR_SIGMA * scale)
    mixed = enlarged + free[..., np.newaxis] * (painted - enlarged)
    outcome = Outcome(run.item.id, "done", _sentence(faces), _data(run, painter, faces))
    checked, outcome = safety_policy.check(request, mixed, painter, outcome)
    pixels = enlarger.encode_part(request, checked, restored.alpha, part.relative_to(kept).scaled(scale))
    run.context.patch(part.relative_to(region).scaled(scale), pixels, _fade_in(request, part, core, scale))
    return ItemResult(outcome, recipe=_recipe(painter, restorer))


def _paint(
    run: ItemRun[Detailed], painter: Painter, image: FloatArray, coverage: FloatArray, show: ShowPreview
) -> FloatArray:
    asked = run.parameters
    wish = Wish(
        image,
        coverage,
        checkpoint_parameters.prompt_for(asked, checkpoint_parameters.OTHER),
        asked.strength,
        anchor=asked.detail.anchor,
    )
    return painter.paint(wish, show)


def _faces(run: ItemRun[Detailed], ticker: Ticker) -> list[Face]:
    """Return the faces of the window, in its own pixels."""
    try:
        return run.engine.detect(FACES, np.clip(run.pixels.working, 0, 1), min_score=_FACE_SCORE, ticker=ticker)
    except ResourceError as error:  # the detector's weights are not at hand: not a reason to refuse
        run.context.note(
            Sentence("Faces were not looked for, so they are not protected. {problem}", problem=error.info.message)
        )
        return []


def _free(faces: list[Face], part: Bounds, scale: int) -> FloatArray:
    """Return where the checkpoint may add detail, (height, width) of `part` enlarged: nowhere on a face.

    `faces` and `part` are in pixels of the picture.
    """
    extent = part.extent.scaled(scale)
    free = np.ones((extent.height, extent.width), np.float32)
    for face in faces:
        x, y, width, height = face.box
        box = ((x - part.x) * scale, (y - part.y) * scale, width * scale, height * scale)
        free = np.minimum(free, 1 - upright.ellipse(Face(box, face.landmarks, face.score), extent.bounds))
    return free


def _fade_in(request: JobRequest, part: Bounds, core: Bounds, scale: int) -> bytes | None:
    """Return the coverage of a patch that fades in over its neighbours to the left and above; None where full."""
    beside, above = (core.x - part.x) * scale, (core.y - part.y) * scale
    return window_pixels.encode_coverage(request, mask.fade_in(part.extent.scaled(scale), beside, above))


def _restorer(run: ItemRun[Detailed], ticker: Ticker) -> Restorer:
    """Return the restorer that enlarges first."""
    rendering = run.parameters.rendering
    exact, pinned_values = rendering.needs_exact(run.request.format), rendering.pinned.restorer.engine_values
    return Restorer(run.engine, ticker, run.parameters.detail.restorer, exact, pinned_values)


def _painter(run: ItemRun[Detailed], ticker: Ticker) -> Painter:
    detail = run.parameters.detail
    return Painter(run, ticker, detail.tile, detail.overlap)


def _data(run: ItemRun[Detailed], painter: Painter, faces: list[Face]) -> JsonObject:
    return {"strength": run.parameters.strength, "faces_protected": len(faces), **painter.data}


def _sentence(faces: list[Face]) -> str:
    if not faces:
        return ""
    return Sentence(
        "{count} faces were left as the restorer made them; refocus faces apart.",
        one="1 face was left as the restorer made it; refocus faces apart.",
        count=len(faces),
    )


def _recipe(painter: Painter, restorer: Restorer) -> JsonObject:
    restored, painted = restorer.recipe, painter.recipe
    both: JsonObject = {**as_object(painted.get("pinned")), _RESTORER: restored.get("pinned")}
    return {**restored, **painted, _RESTORER: restored.get("model"), "pinned": both}
