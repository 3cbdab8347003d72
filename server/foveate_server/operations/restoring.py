"""Restoring pixels in place: reduce, let the network enlarge, bring back to the same extent.

The grid: a reduction is a whole number of quarters, p / 4. p document pixels become 4 of what the network sees, and
parts of a picture whose edges are multiples of p therefore see the very samples that the whole would see.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np

from foveate_server.engines.base import Engine, Face, Image, Rendering, Ticker
from foveate_server.imaging.color import split_range
from foveate_server.imaging.colormatch import match_low_frequencies
from foveate_server.imaging.resize import Filter, resize
from foveate_server.imaging.samples import FloatArray
from foveate_server.operations import parameters
from foveate_server.operations.base import JobRequest
from foveate_shared.geometry import Bounds, Extent, ceil_to_multiple, tiles
from foveate_shared.protocol import JsonObject

QUARTERS = 4
_NETWORK_HALO = 64  # of what the network sees: beyond it, x4plus errs by less than one level of 8 bits (measured)
_KERNEL_HALO = 8  # likewise: what resampling down and up again reaches
_PIECE = 1 << 20  # pixels of what the network sees in one call: its result is 16 times as large
_PIECE_SIDE = 768  # pixels of what the network sees, of the core of one of several pieces


def snap(reduction: float) -> int:
    """Return a reduction in quarters, at least 4 (no reduction)."""
    return max(QUARTERS, round(reduction * QUARTERS))


def halo(quarters: int) -> int:
    """Return how many document pixels around a part its restoration depends on; a multiple of the grid."""
    return ceil_to_multiple(ceil((_NETWORK_HALO + _KERNEL_HALO) * quarters / QUARTERS), quarters)


def on_grid(part: Bounds, quarters: int, document: Extent) -> Bounds:
    """Return `part` grown to edges on the grid, as far as the document reaches."""
    left, top = part.x // quarters * quarters, part.y // quarters * quarters
    right, bottom = ceil_to_multiple(part.right, quarters), ceil_to_multiple(part.bottom, quarters)
    return Bounds.from_edges(left, top, right, bottom).clamp(document)


@dataclass(frozen=True)
class Share:
    """A ticker for a part of an item: its progress runs over `share` of the item's, from `start` on."""

    whole: Ticker
    start: float
    share: float

    def check(self) -> None:
        """See engines.base.Ticker."""
        self.whole.check()

    def progress(self, stage: str, fraction: float, step: int = 0, steps: int = 0) -> None:
        """See engines.base.Ticker."""
        self.whole.progress(stage, self.start + self.share * fraction, step, steps)

    def note(self, text: str) -> None:
        """See engines.base.Ticker."""
        self.whole.note(text)


@dataclass
class Restorer:
    """Restores images of one job; afterwards it knows what its recipe needs."""

    request: JobRequest
    engine: Engine
    ticker: Ticker
    last: Rendering | None = None  # without pixels that matter: its facts are the recipe's

    @property
    def enlarges(self) -> bool:
        """Tell whether the network makes its images larger; face restorers do not."""
        return self.engine.model_scale(parameters.model(self.request)) > 1

    def quarters(self, reduction: float, extent: Extent, *, whole: bool = False) -> int:
        """Return the reduction before the network, in quarters, for an image of `extent`.

        A network that does not enlarge sees every pixel: what it was not shown could only be interpolated. With
        `whole` it is reduced so far that it is seen in one piece, as those that know one face alone must.
        """
        if self.enlarges:
            return snap(reduction)
        return max(QUARTERS, ceil(QUARTERS * (extent.area / _PIECE) ** 0.5)) if whole else QUARTERS

    def restore(
        self, working: FloatArray, quarters: int, *, sigma: float | None = None, face: Face | None = None
    ) -> FloatArray:
        """Return `working`, (height, width, 3), in more detail, in the same extent and with its own low frequencies.

        `quarters` is the reduction before the network; `sigma` as in colormatch; `face` is what the image shows, in its
        pixels. What lies beyond 0..1 is carried past
        the network. Memory grows with the image by a few copies alone: the network sees piece by piece.
        """
        nominal, rest = split_range(working)
        padded = _pad_to_grid(nominal, quarters)
        extent = Extent(padded.shape[1], padded.shape[0])
        pieces = _pieces(extent, quarters)
        result = np.empty_like(padded)
        for index, core in enumerate(pieces):
            ticker = Share(self.ticker, index / len(pieces), 1 / len(pieces))
            seen = core.pad(halo(quarters)).clamp(extent) if len(pieces) > 1 else core
            piece = padded[seen.y : seen.bottom, seen.x : seen.right]
            restored = self._restore_piece(piece, quarters, ticker, face if len(pieces) == 1 else None)
            inside = core.relative_to(seen)
            result[core.y : core.bottom, core.x : core.right] = restored[
                inside.y : inside.bottom, inside.x : inside.right
            ]
        height, width = working.shape[:2]
        matched = match_low_frequencies(result[:height, :width], nominal, sigma=sigma)
        return matched if rest is None else matched + rest

    def upscale(self, image: Image, ticker: Ticker, face: Face | None = None) -> Rendering:
        """Return `image` as the engine enlarges it with this job's parameters; `face` is what it shows, if any."""
        self.last = self.engine.upscale(
            np.ascontiguousarray(image, np.float32),
            parameters.model(self.request),
            exact=parameters.needs_exact(self.request),
            pinned=parameters.pinned(self.request),
            ticker=ticker,
            face=face,
        )
        return self.last

    @property
    def recipe(self) -> JsonObject:
        """Return what the job's recipe must know of the renderings; empty where there was none."""
        if self.last is None:
            return {}
        pinned = self.last.pinned
        values: JsonObject = {"dtype": pinned.dtype, "tile": pinned.tile, "threads": pinned.threads}
        known: JsonObject = {name: value for name, value in values.items() if value is not None}
        return {"model": self.last.model, "device": self.last.device, "pinned": known}

    def _restore_piece(self, piece: FloatArray, quarters: int, ticker: Ticker, face: Face | None) -> FloatArray:
        extent = Extent(piece.shape[1], piece.shape[0])
        seen = Extent(extent.width * QUARTERS // quarters, extent.height * QUARTERS // quarters)
        reduced = np.clip(resize(piece, seen, Filter.BICUBIC), 0, 1)
        shown = None if face is None else face.scaled(QUARTERS / quarters)
        return resize(self.upscale(reduced, ticker, shown).image, extent, Filter.LANCZOS)


def _pad_to_grid(image: FloatArray, quarters: int) -> FloatArray:
    height, width = image.shape[:2]
    bottom, right = ceil_to_multiple(height, quarters) - height, ceil_to_multiple(width, quarters) - width
    return np.pad(image, ((0, bottom), (0, right), (0, 0)), mode="edge")


def _pieces(extent: Extent, quarters: int) -> list[Bounds]:
    """Split an extent on the grid into parts on the grid that the network may see at once."""
    cells = Extent(extent.width // quarters, extent.height // quarters)
    if cells.area * QUARTERS * QUARTERS <= _PIECE:
        return [extent.bounds]
    side = _PIECE_SIDE // QUARTERS
    return [cell.scaled(quarters) for cell in tiles(cells.bounds, Extent(side, side))]
