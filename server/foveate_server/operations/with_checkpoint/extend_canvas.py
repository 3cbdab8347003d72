"""Extending the canvas: a new, larger image in which all old pixels are what they were, and the rest is invented.

Two kinds of items. `keep-N` hand over a part of the old pixels, byte for byte, so that no item needs all of a large
document. `extend-N` render the new area: all of it as one canvas where that is small enough, else band by band; where
a band is too large for one canvas piece by piece, each with as much of the old picture beside it as helps, later pieces
fading in over earlier ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, cast

import numpy as np

from foveate_server.imaging import mask
from foveate_server.imaging.samples import FloatArray, encode
from foveate_server.operations import costs
from foveate_server.operations.contract import Item, ItemResult, JobRequest, Plan
from foveate_server.operations.document import window_pixels
from foveate_server.operations.item_run import ItemRun
from foveate_server.operations.parameters import checkpoint_parameters
from foveate_server.operations.parameters.checkpoint_parameters import Prompted, for_checkpoints
from foveate_server.operations.parameters.declaration import parameter
from foveate_server.operations.with_checkpoint import refocus_region, safety_policy, start_image
from foveate_server.operations.with_checkpoint.painter import Painter, Wish
from foveate_server.operations.with_checkpoint.painting_cost import painting_cost
from foveate_server.operations.with_checkpoint.start_image import Start
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.geometry import Bounds, Extent, split, tiles
from foveate_shared.i18n.sentence import Sentence
from foveate_shared.wire.protocol import Json, JsonObject, Outcome, WindowRequest
from foveate_shared.wire.schema_words import BASIC

SINGLE_AREA = 3072 * 3072  # pixels of one canvas: of the whole new image, else of a band
PIECE = 1536  # pixels along a band, of one canvas, at least
CONTEXT = 512  # pixels of the old picture that a canvas sees beside the new ones, at most
FADE = 96  # pixels over which a piece fades in over the one before it
KEPT = Extent(4096, 1024)  # pixels of the old picture that one item hands over
_MOST = 16384  # pixels, on one side


@dataclass(frozen=True)
class Extension:
    """By how many pixels the picture grows on each side."""

    left: int = parameter("Left", default=0, minimum=0, maximum=_MOST)
    top: int = parameter("Top", default=0, minimum=0, maximum=_MOST)
    right: int = parameter("Right", default=0, minimum=0, maximum=_MOST)
    bottom: int = parameter("Bottom", default=0, minimum=0, maximum=_MOST)

    @property
    def is_wanted(self) -> bool:
        """Tell whether the picture shall grow."""
        return any((self.left, self.top, self.right, self.bottom))

    def frame(self, document: Extent) -> Extent:
        """Return the extent of the new picture."""
        return Extent(document.width + self.left + self.right, document.height + self.top + self.bottom)

    def old(self, document: Extent) -> Bounds:
        """Return where the old picture lies in the frame."""
        return document.bounds.moved(self.left, self.top)


def extend_parameter() -> Extension:
    """Return the parameter `extend`."""
    extension: Extension = for_checkpoints(
        "Extend",
        "Pixels by which the picture grows on each side. The result is a new picture.",
        absent=Extension(),
        level=BASIC,
    )
    return extension


class Extending(Prompted, Protocol):
    """What is asked of an operation's parameters here."""

    @property
    def extend(self) -> Extension:
        """Return by how much the picture grows."""

    @property
    def start(self) -> Start:
        """Return what the new area holds at the start."""


def plan(request: JobRequest, asked: Extending) -> Plan:
    """Return the items of the larger picture. Raises InputError where something is selected too."""
    if request.selection is not None and request.selection.bounds != request.extent.bounds:
        raise InputError(
            "The picture cannot be extended and a selection filled in one job.",
            code=ErrorCode.INVALID_REGION,
            remedy="Select nothing, or leave `extend` out.",
        )
    frame, old = asked.extend.frame(request.extent), asked.extend.old(request.extent)
    summary = Sentence("Extend the picture to {width} x {height} pixels.", width=frame.width, height=frame.height)
    kept = [_keep_item(number, part) for number, part in enumerate(tiles(request.extent.bounds, KEPT), 1)]
    pieces = _pieces(frame, old)
    items = [_extend_item(number, piece, len(pieces), request, asked) for number, piece in enumerate(pieces, 1)]
    return Plan("new", frame, summary, (*kept, *items))


def extend(run: ItemRun[Extending]) -> ItemResult:
    """Carry out an item of :func:`plan`."""
    if "piece" in run.item.arguments:
        return _paint_piece(run)
    old, window = run.parameters.extend.old(run.request.extent), run.window
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
    fitting = SINGLE_AREA // (shorter + 2 * CONTEXT) - 2 * CONTEXT - FADE
    runs = split(longer, max(PIECE, fitting))
    pieces = []
    for start, stop in runs:
        back = min(start, FADE)
        part = (
            Bounds(band.x + start - back, band.y, stop - start + back, band.height)
            if flat
            else Bounds(band.x, band.y + start - back, band.width, stop - start + back)
        )
        canvas = part.pad(CONTEXT).clamp(frame)
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
    return Item(name, "Taking over the picture", (window,), {}, weight=costs.copying(part.area))


def _extend_item(number: int, piece: _Piece, count: int, request: JobRequest, asked: Extending) -> Item:
    name, old = f"extend-{number}", asked.extend.old(request.extent)
    seen = piece.canvas.intersect(old).relative_to(old)
    told: JsonObject = {
        "piece": _listed(piece.canvas),
        "parts": [_listed(part) for part in piece.parts],
        "fade": list(piece.fade),
    }
    stage = "Extending" if count == 1 else Sentence("Extending, part {number} of {count}", number=number, count=count)
    weight = painting_cost(request, asked, piece.canvas.area)
    return Item(name, stage, (WindowRequest(f"{name}.pixels", seen, seen.extent),), told, weight=weight)


def _paint_piece(run: ItemRun[Extending]) -> ItemResult:
    asked, arguments, picture = run.parameters, run.item.arguments, run.pixels
    old, canvas = asked.extend.old(run.request.extent), _bounds(arguments["piece"])
    inside = picture.bounds.moved(old.x, old.y).relative_to(canvas)
    pads = ((inside.y, canvas.height - inside.bottom), (inside.x, canvas.width - inside.right))
    working = np.pad(picture.working, (*pads, (0, 0)), mode="edge")
    coverage = np.pad(np.zeros(picture.working.shape[:2], np.float32), pads, constant_values=1)
    prepared = start_image.start_image(working, coverage, asked.start, asked.sampling.seed)
    painter = Painter(run, run.context)
    parts = [_bounds(part) for part in cast("list[object]", arguments["parts"])]
    wish = Wish(
        prepared,
        coverage,
        checkpoint_parameters.prompt_for(asked, checkpoint_parameters.OTHER),
        asked.strength,
        anchor=0.0,
    )
    painted = painter.paint(wish, refocus_region.show_in(run.context, canvas, canvas))
    outcome = Outcome(run.item.id, "done", "", {"strength": asked.strength, **painter.data})
    checked, outcome = safety_policy.check(run.request, painted, painter, outcome)
    fade = cast("list[int]", arguments["fade"])
    for part in parts:
        _send(run, window_pixels.cut(checked, part, canvas), part, fade)
    return ItemResult(outcome, recipe=painter.recipe)


def _send(run: ItemRun[object], painted: FloatArray, part: Bounds, fade: list[int]) -> None:
    request = run.request
    color = window_pixels.transform_of(request).from_working(painted)
    coverage = mask.fade_in(part.extent, fade[0], fade[1])
    run.context.patch(part, encode(color, None, request.format), window_pixels.encode_coverage(request, coverage))


def _listed(bounds: Bounds) -> list[Json]:
    return [bounds.x, bounds.y, bounds.width, bounds.height]


def _bounds(value: object) -> Bounds:
    x, y, width, height = (int(edge) for edge in cast("list[int]", value))
    return Bounds(x, y, width, height)
