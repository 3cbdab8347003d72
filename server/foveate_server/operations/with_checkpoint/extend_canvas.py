"""Extending the canvas: a new, larger image in which all old pixels are what they were, and the rest is invented.

Two kinds of items. `keep-N` hand over a part of the old pixels, byte for byte, so that no item needs all of a large
document. `extend-N` render the new area: all of it as one canvas where that is small enough, else band by band; where
a band is too large for one canvas piece by piece, each with as much of the old picture beside it as helps, later pieces
fading in over earlier ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np

from foveate_server.imaging import mask
from foveate_server.imaging.samples import FloatArray, encode
from foveate_server.operations.contract import Item, ItemResult, JobRequest, Plan
from foveate_server.operations.document import window_pixels
from foveate_server.operations.item_run import ItemRun
from foveate_server.operations.parameters import checkpoint_parameters, common_parameters
from foveate_server.operations.progress_share import ProgressShare
from foveate_server.operations.with_checkpoint import refocus_region, safety_policy, start_image
from foveate_server.operations.with_checkpoint.painter import Painter, Wish
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.geometry import Bounds, Extent, split, tiles
from foveate_shared.wire.protocol import Json, JsonObject, Outcome, WindowRequest

SINGLE_AREA = 3072 * 3072  # pixels of one canvas: of the whole new image, else of a band
_PIECE = 1536  # pixels along a band, of one canvas, at least
_CONTEXT = 512  # pixels of the old picture that a canvas sees beside the new ones, at most
_FADE = 96  # pixels over which a piece fades in over the one before it
_KEPT = Extent(4096, 1024)  # pixels of the old picture that one item hands over
_SIDES = ("left", "top", "right", "bottom")
_SIDE: JsonObject = {"type": "integer", "minimum": 0, "maximum": 16384, "default": 0}
EXTEND: JsonObject = checkpoint_parameters.known_to_checkpoints(
    {
        "type": "object",
        "title": "Extend",
        "description": "Pixels by which the picture grows on each side. The result is a new picture.",
        "properties": {side: {**_SIDE, "title": side.capitalize()} for side in _SIDES},
        "additionalProperties": False,
    },
    common_parameters.BASIC,
)


def is_wanted(request: JobRequest) -> bool:
    """Tell whether the picture shall grow."""
    return any(_amounts(request))


def plan(request: JobRequest) -> Plan:
    """Return the items of the larger picture. Raises InputError where something is selected too."""
    if request.selection is not None and request.selection.bounds != request.extent.bounds:
        raise InputError(
            "The picture cannot be extended and a selection filled in one job.",
            code=ErrorCode.INVALID_REGION,
            remedy="Select nothing, or leave `extend` out.",
        )
    frame, old = _frame(request), _old(request)
    summary = f"Extend the picture to {frame.width} x {frame.height} pixels."
    kept = [_keep_item(number, part) for number, part in enumerate(tiles(request.extent.bounds, _KEPT), 1)]
    pieces = _pieces(frame, old)
    items = [_extend_item(number, piece, old, len(pieces)) for number, piece in enumerate(pieces, 1)]
    return Plan("new", frame, summary, (*kept, *items))


def extend(run: ItemRun) -> ItemResult:
    """Carry out an item of :func:`plan`."""
    if "piece" in run.item.arguments:
        return _paint_piece(run)
    old, window = _old(run.request), run.window
    pixels = window_pixels.original(run.request, window, window.bounds)
    run.context.patch(window.bounds.moved(old.x, old.y), pixels, None)
    return ItemResult(Outcome(run.item.id, "done", "", {}))


@dataclass(frozen=True)
class _Piece:
    """A canvas of the new area; all in pixels of the frame."""

    canvas: Bounds  # what the checkpoint sees
    parts: tuple[Bounds, ...]  # what is taken of it: new pixels alone
    fade: tuple[int, int] = (0, 0)  # pixels over which parts fade in, from the left and from the top


def _pieces(frame: Extent, old: Bounds) -> list[_Piece]:
    bands = [band for band in _bands(frame, old) if not band.is_empty]
    if frame.area <= SINGLE_AREA:
        return [_Piece(frame.bounds, tuple(bands))]
    return [piece for band in bands for piece in _band_pieces(band, frame, old)]


def _bands(frame: Extent, old: Bounds) -> tuple[Bounds, ...]:
    """Return what is new: above and below over the whole width, left and right between them."""
    return (
        Bounds(0, 0, frame.width, old.y),
        Bounds(0, old.y, old.x, old.height),
        Bounds(old.right, old.y, frame.width - old.right, old.height),
        Bounds(0, old.bottom, frame.width, frame.height - old.bottom),
    )


def _band_pieces(band: Bounds, frame: Extent, old: Bounds) -> list[_Piece]:
    """Split a band along its longer side."""
    flat = band.width >= band.height
    longer, shorter = (band.width, band.height) if flat else (band.height, band.width)
    fitting = SINGLE_AREA // (shorter + 2 * _CONTEXT) - 2 * _CONTEXT - _FADE
    runs = split(longer, max(_PIECE, fitting))
    pieces = []
    for start, stop in runs:
        back = min(start, _FADE)
        part = (
            Bounds(band.x + start - back, band.y, stop - start + back, band.height)
            if flat
            else Bounds(band.x, band.y + start - back, band.width, stop - start + back)
        )
        canvas = part.pad(_CONTEXT).clamp(frame)
        pieces.append(_Piece(_with_some_old(canvas, old, frame), (part,), (back, 0) if flat else (0, back)))
    return pieces


def _with_some_old(canvas: Bounds, old: Bounds, frame: Extent) -> Bounds:
    """Return `canvas`, at a corner grown until it shows some of the old picture."""
    if not canvas.intersect(old).is_empty:
        return canvas
    near = old.x if canvas.right <= old.x else old.right
    far = old.y if canvas.bottom <= old.y else old.bottom
    return canvas.union(Bounds(near - 64, far - 64, 128, 128)).clamp(frame)


def _keep_item(number: int, part: Bounds) -> Item:
    name = f"keep-{number}"
    window = WindowRequest(f"{name}.pixels", part, part.extent)
    return Item(name, "Taking over the picture", (window,), {}, weight=float(part.area) / 100)


def _extend_item(number: int, piece: _Piece, old: Bounds, count: int) -> Item:
    name = f"extend-{number}"
    seen = piece.canvas.intersect(old).relative_to(old)
    told: JsonObject = {
        "piece": _listed(piece.canvas),
        "parts": [_listed(part) for part in piece.parts],
        "fade": list(piece.fade),
    }
    stage = "Extending" if count == 1 else f"Extending, part {number} of {count}"
    weight = float(piece.canvas.area)
    return Item(name, stage, (WindowRequest(f"{name}.pixels", seen, seen.extent),), told, weight=weight)


def _paint_piece(run: ItemRun) -> ItemResult:
    request, arguments, picture = run.request, run.item.arguments, run.pixels
    old, canvas = _old(request), _bounds(arguments["piece"])
    inside = picture.bounds.moved(old.x, old.y).relative_to(canvas)
    pads = ((inside.y, canvas.height - inside.bottom), (inside.x, canvas.width - inside.right))
    working = np.pad(picture.working, (*pads, (0, 0)), mode="edge")
    coverage = np.pad(np.zeros(picture.working.shape[:2], np.float32), pads, constant_values=1)
    prepared = start_image.start_image(
        working, coverage, start_image.start_of(request), checkpoint_parameters.seed(request)
    )
    painter = Painter(request, run.engine, ProgressShare(run.context, 0.05, 0.9))
    parts = [_bounds(part) for part in cast("list[object]", arguments["parts"])]
    strength = common_parameters.strength(request)
    wish = Wish(
        prepared, coverage, checkpoint_parameters.prompt_for(request, checkpoint_parameters.OTHER), strength, anchor=0.0
    )
    painted = painter.paint(wish, refocus_region.show_in(run.context, canvas, canvas))
    outcome = Outcome(run.item.id, "done", "", {"strength": strength, **painter.data})
    checked, outcome = safety_policy.check(request, painted, painter, outcome)
    fade = cast("list[int]", arguments["fade"])
    for part in parts:
        _send(run, window_pixels.cut(checked, part, canvas), part, fade)
    return ItemResult(outcome, recipe=painter.recipe)


def _send(run: ItemRun, painted: FloatArray, part: Bounds, fade: list[int]) -> None:
    request = run.request
    color = window_pixels.transform_of(request).from_working(painted)
    coverage = mask.fade_in(part.extent, fade[0], fade[1])
    run.context.patch(part, encode(color, None, request.format), window_pixels.encode_coverage(request, coverage))


def _amounts(request: JobRequest) -> tuple[int, int, int, int]:
    told = cast("JsonObject", request.parameters.get("extend") or {})
    left, top, right, bottom = (int(cast("int", told.get(side) or 0)) for side in _SIDES)
    return left, top, right, bottom


def _frame(request: JobRequest) -> Extent:
    left, top, right, bottom = _amounts(request)
    return Extent(request.extent.width + left + right, request.extent.height + top + bottom)


def _old(request: JobRequest) -> Bounds:
    """Return where the old picture lies in the frame."""
    left, top, _, _ = _amounts(request)
    return request.extent.bounds.moved(left, top)


def _listed(bounds: Bounds) -> list[Json]:
    return [bounds.x, bounds.y, bounds.width, bounds.height]


def _bounds(value: object) -> Bounds:
    x, y, width, height = (int(edge) for edge in cast("list[int]", value))
    return Bounds(x, y, width, height)
