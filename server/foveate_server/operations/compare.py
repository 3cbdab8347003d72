"""Compare: one region re-rendered by several checkpoints, strengths, LoRAs or seeds, side by side with the original."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from foveate_server.engines.contract import Engine
from foveate_server.engines.diffusion_request import ShowPreview
from foveate_server.imaging.crop import context_window
from foveate_server.imaging.samples import FloatArray, encode
from foveate_server.operations.contract import Context, Item, ItemResult, JobRequest, Plan, WindowData
from foveate_server.operations.document import patches, window_pixels
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

    def run(
        self, request: JobRequest, item: Item, windows: Mapping[str, WindowData], engine: Engine, context: Context
    ) -> ItemResult:
        """See operations.contract.Operation."""
        (window,) = windows.values()
        if "variant" not in item.arguments:
            return _show_original(request, item, window, context)
        return _render(request, item, window, engine, context)


def _show_original(request: JobRequest, item: Item, window: WindowData, context: Context) -> ItemResult:
    sheet = _sheet(request)
    picture = window_pixels.read(request, window)
    _send(request, context, sheet.drawn(picture.working, picture.alpha, "Original"), sheet.slot_of(0))
    for slot in sheet.empty_slots(len(_variants(request)) + 1):
        _send(request, context, sheet.blank(), slot)
    return ItemResult(Outcome(item.id, "done", "", {"slot": _listed(sheet.slot_of(0))}))


def _render(request: JobRequest, item: Item, window: WindowData, engine: Engine, context: Context) -> ItemResult:
    number = int(cast("int", item.arguments["variant"]))
    variant = _variants(request)[number - 1]
    own, label = _request_of(request, variant), str(variant.get("label") or f"Variant {number}")
    sheet, region = _sheet(request), request.region
    picture = window_pixels.read(request, window)
    about = refocus_region.subject_of(own, picture, region, engine, context)
    strength = common_parameters.strength(own, default=0.5)
    painter = Painter(own, engine, ProgressShare(context, 0.05, 0.9))
    shown = sheet.picture_of(number)
    wanted = window_pixels.selected(own, window)
    show = _show_on_sheet(context, window.bounds, region, shown)
    painted = painter.paint(Wish(picture.working, wanted, checkpoint_parameters.prompt_for(own, about), strength), show)
    data: JsonObject = {"label": label, "strength": strength, "slot": _listed(sheet.slot_of(number)), **painter.data}
    outcome = Outcome(item.id, "done", "", {**data, "recipe": painter.recipe})
    checked, outcome = safety_policy.check(own, painted, painter, outcome)
    coverage = window_pixels.feathered(own, window)[..., None]
    mixed = picture.working + coverage * (checked - picture.working)
    alpha = None if picture.alpha is None else window_pixels.cut(picture.alpha, region, window.bounds)
    drawn = sheet.drawn(window_pixels.cut(mixed, region, window.bounds), alpha, label)
    _send(request, context, drawn, sheet.slot_of(number))
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


def _send(request: JobRequest, context: Context, drawn: FloatArray, slot: Bounds) -> None:
    context.patch(slot, encode(window_pixels.transform_of(request).from_working(drawn), None, request.format), None)


def _listed(bounds: Bounds) -> list[Json]:
    return [bounds.x, bounds.y, bounds.width, bounds.height]
