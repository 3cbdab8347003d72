"""Compare: one region re-rendered by several checkpoints, strengths, LoRAs or seeds, side by side with the original."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from foveate_server.engines.diffusion_request import ShowPreview
from foveate_server.imaging.crop import context_window
from foveate_server.imaging.samples import FloatArray, encode
from foveate_server.operations.contract import Context, Item, ItemResult, JobRequest, Plan
from foveate_server.operations.document import patches, window_pixels
from foveate_server.operations.item_run import ItemRun
from foveate_server.operations.parameters import checkpoint_parameters, common_parameters
from foveate_server.operations.progress_share import ProgressShare
from foveate_server.operations.with_checkpoint import fading_canvases, refocus_region, safety_policy
from foveate_server.operations.with_checkpoint.contact_sheet import Sheet, lay_out
from foveate_server.operations.with_checkpoint.painter import Painter, Wish
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.geometry import Bounds
from foveate_shared.wire.protocol import Json, JsonObject, Outcome, WindowRequest, as_object

_ORIGINAL = "original"
_STRENGTH = common_parameters.strength_schema(diffusion=0.5)
_VARIANT: JsonObject = {
    "type": "object",
    "properties": {
        "label": {"type": "string", "title": "Label", "maxLength": 200},
        "strength": common_parameters.STRENGTH,
        "model": common_parameters.MODEL,
        **checkpoint_parameters.SAID,
        **checkpoint_parameters.SAMPLING,
        "pinned": common_parameters.PINNED,
    },
    "additionalProperties": False,
}
VARIANTS = checkpoint_parameters.known_to_checkpoints(
    {
        "type": "array",
        "title": "Variants",
        "description": "What is compared: each entry changes some of the job's parameters, such as model or strength.",
        "items": _VARIANT,
        "minItems": 1,
        "maxItems": 24,
    },
    common_parameters.BASIC,
)


class Compare:
    """Item `original` shows the region as it is, then one item per variant.

    A variant's outcome carries `label`, `seed`, `strength`, `slot` (bounds on the sheet), and `recipe`: its own model,
    sampling and additions.
    """

    name = "compare"
    title = "Compare"
    needs_checkpoint = True
    schema = common_parameters.schema(
        **checkpoint_parameters.SAID,
        variants=VARIANTS,
        strength=_STRENGTH,
        **checkpoint_parameters.SAMPLING,
        model=common_parameters.MODEL,
        exact=common_parameters.EXACT,
        pinned=common_parameters.PINNED,
    )

    def plan(self, request: JobRequest) -> Plan:
        """See operations.contract.Operation. Raises InputError for a region that is bad, or too large for a sheet."""
        window = context_window(request.region, request.extent, minimum=refocus_region.LEAST_WINDOW)
        if window.area > fading_canvases.SINGLE_AREA:
            raise InputError(
                f"The region of {request.region.width} x {request.region.height} pixels is too large to compare.",
                code=ErrorCode.INVALID_REGION,
                remedy="Select a smaller part that shows what matters.",
            )
        variants = _variants(request)
        sheet = _sheet(request)
        original = Item(
            _ORIGINAL, "Taking the original", (_window(request, request.region, _ORIGINAL),), {}, weight=1.0
        )
        items = [
            Item(
                f"variant-{number}",
                f"Rendering variant {number} of {len(variants)}",
                (_window(request, window, f"variant-{number}"),),
                {"variant": number},
                weight=float(window.area),
            )
            for number in range(1, len(variants) + 1)
        ]
        summary = f"Compare {len(variants)} variants of {request.region.width} x {request.region.height} pixels."
        return Plan("new", sheet.extent, summary, (original, *items))

    def run(self, run: ItemRun) -> ItemResult:
        """See operations.contract.Operation."""
        return _render(run) if "variant" in run.item.arguments else _show_original(run)


def _show_original(run: ItemRun) -> ItemResult:
    sheet, picture = _sheet(run.request), run.pixels
    _send(run, sheet.drawn(picture.working, picture.alpha, "Original"), sheet.slot_of(0))
    for slot in sheet.empty_slots(len(_variants(run.request)) + 1):
        _send(run, sheet.blank(), slot)
    return ItemResult(Outcome(run.item.id, "done", "", {"slot": _listed(sheet.slot_of(0))}))


def _render(whole: ItemRun) -> ItemResult:
    number = int(cast("int", whole.item.arguments["variant"]))
    variant = _variants(whole.request)[number - 1]
    label, sheet = str(variant.get("label") or f"Variant {number}"), _sheet(whole.request)
    run = replace(whole, request=_request_of(whole.request, variant))
    own, region, window, picture = run.request, run.request.region, run.window.bounds, run.pixels
    about = refocus_region.subject_of(run, region)
    strength = common_parameters.strength(own, default=0.5)
    painter = Painter(own, run.engine, ProgressShare(run.context, 0.05, 0.9))
    wish = Wish(picture.working, run.selection, checkpoint_parameters.prompt_for(own, about), strength)
    painted = painter.paint(wish, _show_on_sheet(run.context, window, region, sheet.picture_of(number)))
    data: JsonObject = {"label": label, "strength": strength, "slot": _listed(sheet.slot_of(number)), **painter.data}
    outcome = Outcome(run.item.id, "done", "", {**data, "recipe": painter.recipe})
    checked, outcome = safety_policy.check(own, painted, painter, outcome)
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


def _request_of(request: JobRequest, variant: JsonObject) -> JobRequest:
    """Return the job as if the variant were all of it; one that names its model names all that is added to it, too."""
    replaced = ("variants", "loras", "embeddings", "vae") if variant.get("model") else ("variants",)
    common = {name: value for name, value in request.parameters.items() if name not in replaced}
    own = {**common, **{name: value for name, value in variant.items() if name != "label"}}
    pinned = {**as_object(common.get("pinned")), **as_object(variant.get("pinned"))}
    own |= {"pinned": pinned} if pinned else {}
    model = request.model
    if model is not None and own.get("model"):
        model = replace(model, name=str(own["model"]))
    return replace(request, parameters=own, model=model)


def _variants(request: JobRequest) -> list[JsonObject]:
    found = cast("list[JsonObject]", request.parameters.get("variants") or [])
    if not found:
        raise InputError("There is nothing to compare.", remedy="Name at least one of `variants`.")
    return found


def _sheet(request: JobRequest) -> Sheet:
    return lay_out(request.region.extent, len(_variants(request)) + 1)


def _window(request: JobRequest, bounds: Bounds, item: str) -> WindowRequest:
    window = patches.window_of(bounds, request, item=item)
    return replace(window, coverage=False) if item == _ORIGINAL else window


def _send(run: ItemRun, drawn: FloatArray, slot: Bounds) -> None:
    color = window_pixels.transform_of(run.request).from_working(drawn)
    run.context.patch(slot, encode(color, None, run.request.format), None)


def _listed(bounds: Bounds) -> list[Json]:
    return [bounds.x, bounds.y, bounds.width, bounds.height]
