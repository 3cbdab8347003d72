"""Compare: one region re-rendered by several checkpoints, strengths, LoRAs or seeds, side by side with the original."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

from foveate_server.engines.diffusion_request import ShowPreview
from foveate_server.families.family import REPAINTS
from foveate_server.imaging.crop import context_window
from foveate_server.imaging.samples import FloatArray, encode
from foveate_server.models.model_requirement import checkpoints
from foveate_server.operations import costs
from foveate_server.operations.contract import Context, Item, ItemResult, JobRequest, Plan
from foveate_server.operations.document import patches, window_pixels
from foveate_server.operations.item_run import ItemRun
from foveate_server.operations.parameters import checkpoint_parameters, common_parameters, roles
from foveate_server.operations.parameters.checkpoint_parameters import PromptParameters, SamplingParameters
from foveate_server.operations.parameters.common_parameters import ModelName, PinnedValues, RenderingParameters, Share
from foveate_server.operations.parameters.declaration import Declaration, group, parameter
from foveate_server.operations.progress_share import divide
from foveate_server.operations.with_checkpoint import fading_canvases, refocus_region, safety_policy
from foveate_server.operations.with_checkpoint.contact_sheet import Sheet, lay_out
from foveate_server.operations.with_checkpoint.painter import Painter, Wish
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.geometry import Bounds
from foveate_shared.i18n.sentence import Sentence
from foveate_shared.wire.protocol import DIFFUSION, Json, JsonObject, Outcome, WindowRequest, as_object
from foveate_shared.wire.schema_words import BASIC, NEEDS

_ORIGINAL = "original"


@dataclass(frozen=True)
class Variant:
    """What a variant can change: each parameter is the job's where the variant does not say it."""

    label: str = parameter("Label", absent="", role=roles.LABEL, maxLength=200)
    strength: Share | None = common_parameters.changed_strength()
    model: ModelName | None = common_parameters.model()
    said: PromptParameters = group(PromptParameters)
    sampling: SamplingParameters = group(SamplingParameters)
    pinned: PinnedValues = common_parameters.pinned(PinnedValues())


@dataclass(frozen=True)
class CompareParameters:
    """What can be said of it."""

    said: PromptParameters = group(PromptParameters)
    variants: tuple[JsonObject, ...] = checkpoint_parameters.for_checkpoints(
        "Variants",
        "What is compared: each entry changes some of the job's parameters, such as model or strength.",
        absent=(),
        level=BASIC,
        role=roles.VARIANTS,
        entries=Variant,
        minItems=1,
        maxItems=24,
    )
    strength: Share = common_parameters.strength(diffusion=0.5)
    sampling: SamplingParameters = group(SamplingParameters)
    rendering: RenderingParameters = group(RenderingParameters)


_VARIANT = Declaration(Variant)


class Compare:
    """Item `original` shows the region as it is, then one item per variant.

    A variant's outcome carries `label`, `seed`, `strength`, `slot` (bounds on the sheet), and `recipe`: its own model,
    sampling and additions.
    """

    name = "compare"
    title = "Compare"
    parameters = Declaration(CompareParameters, {NEEDS: [DIFFUSION]}, models=(checkpoints(REPAINTS),))

    def plan(self, request: JobRequest, parameters: CompareParameters) -> Plan:
        """See operations.operation.Operation. Raises InputError for a region that is bad, or too large for a sheet."""
        window = context_window(request.region, request.extent, minimum=refocus_region.LEAST_WINDOW)
        if window.area > fading_canvases.SINGLE_AREA:
            raise InputError(
                "The region of {width} x {height} pixels is too large to compare.",
                code=ErrorCode.INVALID_REGION,
                remedy="Select a smaller part that shows what matters.",
                width=request.region.width,
                height=request.region.height,
            )
        _require_variants(parameters)
        variants, sheet = parameters.variants, _sheet(request, parameters)
        original = Item(
            _ORIGINAL,
            "Taking the original",
            (_window(request, request.region, _ORIGINAL),),
            weight=costs.copying(request.region.area),
        )
        items = [
            Item(
                f"variant-{number}",
                Sentence("Rendering variant {number} of {count}", number=number, count=len(variants)),
                (_window(request, window, f"variant-{number}"),),
                {"variant": number},
                weight=refocus_region.weight_of(request, _parameters_of(request, variant), window.extent),
            )
            for number, variant in enumerate(variants, 1)
        ]
        summary = Sentence(
            "Compare {count} variants of {width} x {height} pixels.",
            count=len(variants),
            width=request.region.width,
            height=request.region.height,
        )
        return Plan("new", sheet.extent, summary, (original, *items))

    def run(self, run: ItemRun[CompareParameters]) -> ItemResult:
        """See operations.operation.Operation."""
        return _render(run) if "variant" in run.item.arguments else _show_original(run)


def _show_original(run: ItemRun[CompareParameters]) -> ItemResult:
    sheet, picture = _sheet(run.request, run.parameters), run.pixels
    _send(run, sheet.drawn(picture.working, picture.alpha, "Original"), sheet.slot_of(0))
    for slot in sheet.empty_slots(len(run.parameters.variants) + 1):
        _send(run, sheet.blank(), slot)
    return ItemResult(Outcome(run.item.id, "done", "", {"slot": _listed(sheet.slot_of(0))}))


def _render(whole: ItemRun[CompareParameters]) -> ItemResult:
    number = int(cast("int", whole.item.arguments["variant"]))
    variant = whole.parameters.variants[number - 1]
    label = _label_of(variant, number)
    sheet, run = _sheet(whole.request, whole.parameters), _run_of(whole, variant)
    region, window, picture, strength = run.request.region, run.window.bounds, run.pixels, run.parameters.strength
    looking, painting = divide(run.context, *refocus_region.costs_of(run, window.extent))
    about = refocus_region.subject_of(run, region, looking)
    painter = Painter(run, painting)
    wish = Wish(picture.working, run.selection, checkpoint_parameters.prompt_for(run.parameters, about), strength)
    painted = painter.paint(wish, _show_on_sheet(run.context, window, region, sheet.picture_of(number)))
    data: JsonObject = {"label": label, "strength": strength, "slot": _listed(sheet.slot_of(number)), **painter.data}
    outcome = Outcome(run.item.id, "done", "", {**data, "recipe": painter.recipe})
    checked, outcome = safety_policy.check(run.request, painted, painter, outcome)
    coverage = run.feather[..., None]
    mixed = picture.working + coverage * (checked - picture.working)
    alpha = None if picture.alpha is None else window_pixels.cut(picture.alpha, region, window)
    drawn = sheet.drawn(window_pixels.cut(mixed, region, window), alpha, label)
    _send(run, drawn, sheet.slot_of(number))
    return ItemResult(outcome, recipe=_recipe(number, label, painter))


def _recipe(number: int, label: str, painter: Painter) -> JsonObject:
    """Return what the job's recipe must know of a variant; empty where it rendered nothing."""
    told = dict(painter.recipe)
    if not told:
        return {}
    return {"device": told.pop("device"), "variants": {str(number): {"label": label, **told}}}


def _show_on_sheet(context: Context, window: Bounds, region: Bounds, shown: Bounds) -> ShowPreview:
    """Return what shows unfinished pictures of `window` (document pixels) in their place on the sheet."""

    class _Moved:
        def preview(self, bounds: Bounds, pixels: object) -> None:
            del bounds
            context.preview(shown, pixels)  # type: ignore[arg-type]

    return refocus_region.show_in(cast("Context", _Moved()), window, region)


def _run_of(run: ItemRun[CompareParameters], variant: JsonObject) -> ItemRun[CompareParameters]:
    """Return the item as if the variant were all of the job."""
    parameters = _parameters_of(run.request, variant)
    model = run.request.model
    if model is not None and parameters.rendering.model:
        model = replace(model, name=parameters.rendering.model)
    return replace(run, request=replace(run.request, model=model), parameters=parameters)


def _parameters_of(request: JobRequest, variant: JsonObject) -> CompareParameters:
    """Return the variant's as if it were all of the job; one that names its model names all that is added, too."""
    replaced = ("variants", "loras", "embeddings", "vae") if variant.get("model") else ("variants",)
    common = {name: value for name, value in request.parameters.items() if name not in replaced}
    own = {**common, **{name: value for name, value in variant.items() if name != "label"}}
    pinned = {**as_object(common.get("pinned")), **as_object(variant.get("pinned"))}
    return Compare.parameters.parse({**own, "pinned": pinned})


def _require_variants(parameters: CompareParameters) -> None:
    if not parameters.variants:
        raise InputError("There is nothing to compare.", remedy="Name at least one of `variants`.")


def _sheet(request: JobRequest, parameters: CompareParameters) -> Sheet:
    labels = (_label_of(variant, number) for number, variant in enumerate(parameters.variants, 1))
    return lay_out(request.region.extent, len(parameters.variants) + 1, labels)


def _label_of(variant: JsonObject, number: int) -> str:
    return _VARIANT.parse(variant).label or f"Variant {number}"


def _window(request: JobRequest, bounds: Bounds, item: str) -> WindowRequest:
    window = patches.window_of(bounds, request, item=item)
    return replace(window, coverage=False) if item == _ORIGINAL else window


def _send(run: ItemRun[CompareParameters], drawn: FloatArray, slot: Bounds) -> None:
    color = window_pixels.transform_of(run.request).from_working(drawn)
    run.context.patch(slot, encode(color, None, run.request.format), None)


def _listed(bounds: Bounds) -> list[Json]:
    return [bounds.x, bounds.y, bounds.width, bounds.height]
