"""Restoring pixels in place: reduce, let the network enlarge, bring back to the same extent.

The grid: a reduction is a whole number of quarters, p / 4. p document pixels become 4 of what the network sees, and
parts of a picture whose edges are multiples of p therefore see the very samples that the whole would see.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np

from foveate_server.engines.contract import Engine, Ticker
from foveate_server.engines.values import Face, Image, Pinned, Rendering, Strip
from foveate_server.imaging.color import split_range
from foveate_server.imaging.colormatch import match_low_frequencies
from foveate_server.imaging.resize import Filter, resize
from foveate_server.imaging.samples import FloatArray
from foveate_server.operations.item_run import ItemRun
from foveate_server.operations.parameters.common_parameters import Restored
from foveate_server.operations.progress_share import ProgressShare
from foveate_server.operations.with_restorer.grid import _KERNEL_CELLS, QUARTERS, on_grid, snap
from foveate_shared.geometry import Bounds, Extent, ceil_to_multiple, strips
from foveate_shared.wire.protocol import JsonObject

PIECE_AREA = 1 << 20  # pixels of what the network sees, of a piece: its result is 16 times as large
STRIP_WIDTH = 2048  # pixels of what the network sees: x4plus' layers hold half a megabyte per pixel of a strip's width
COLUMN = STRIP_WIDTH + 256  # likewise, with the margins that operations want around


@dataclass
class Restorer:
    """Restores images of one job; afterwards it knows what its recipe needs."""

    engine: Engine
    ticker: Ticker
    model: str | None = None  # None: the default one
    exact: bool = False
    pinned: Pinned = Pinned()
    last: Rendering | None = None  # without pixels that matter: its facts are the recipe's

    @classmethod
    def of(cls, run: ItemRun[Restored], ticker: Ticker) -> Restorer:
        """Return the one that the job names."""
        rendering = run.parameters.rendering
        exact = rendering.needs_exact(run.request.format)
        return cls(run.engine, ticker, rendering.model, exact, rendering.pinned.engine_values)

    @property
    def enlarges(self) -> bool:
        """Tell whether the network makes its images larger; face restorers do not."""
        return self.engine.model_scale(self.model) > 1

    def quarters(self, reduction: float, extent: Extent, *, whole: bool = False) -> int:
        """Return the reduction before the network, in quarters, for an image of `extent`.

        A network that does not enlarge sees every pixel: what it was not shown could only be interpolated. With
        `whole` it is reduced so far that it is seen in one piece, as those that know one face alone must.
        """
        if self.enlarges:
            return snap(reduction)
        return max(QUARTERS, ceil(QUARTERS * (extent.area / PIECE_AREA) ** 0.5)) if whole else QUARTERS

    def restore(
        self,
        working: FloatArray,
        quarters: int,
        *,
        sigma: float | None = None,
        face: Face | None = None,
        strip: Strip | None = None,
    ) -> FloatArray:
        """Return `working`, (height, width, 3), in more detail, in the same extent and with its own low frequencies.

        `quarters` is the reduction before the network; `sigma` as in colormatch; `face` is what the image shows, in its
        pixels. With `strip`, on the grid as the image itself, only what it wants is restored. What lies beyond 0..1 is
        carried past the network. Memory grows with the image by a few copies alone: the network's result is made in
        strips.
        """
        nominal, rest = split_range(working)
        seen = _Reduced.of(nominal, quarters)
        wanted = seen.extent.bounds if strip is None else on_grid(strip.wanted, quarters, seen.extent)
        pieces = seen.pieces(wanted, strip)
        result = nominal.copy()
        for index, (core, piece) in enumerate(pieces):
            ticker = ProgressShare(self.ticker, index / len(pieces), 1 / len(pieces))
            shown = None if face is None or len(pieces) > 1 else face.scaled(QUARTERS / quarters)
            rendering = self.upscale(seen.image, ticker, shown, piece)
            area = seen.in_document(piece.wanted)
            restored = resize(rendering.image, area.extent, Filter.LANCZOS)
            kept = core.clamp(Extent(working.shape[1], working.shape[0]))
            result[_slices(kept)] = restored[_slices(kept.relative_to(area))]
        part = _slices(wanted)
        result[part] = match_low_frequencies(result[part], nominal[part], sigma=sigma)
        return result if rest is None else result + rest

    def upscale(self, image: Image, ticker: Ticker, face: Face | None = None, strip: Strip | None = None) -> Rendering:
        """Return `image` as the engine enlarges it with this job's parameters; all but those as for the engine."""
        self.last = self.engine.upscale(
            np.ascontiguousarray(image, np.float32),
            self.model,
            exact=self.exact,
            pinned=self.pinned,
            ticker=ticker,
            face=face,
            strip=strip,
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


@dataclass(frozen=True)
class _Reduced:
    """An image as the network sees it."""

    image: Image
    extent: Extent  # before it was reduced, with what makes it end on the grid
    quarters: int

    @classmethod
    def of(cls, nominal: FloatArray, quarters: int) -> _Reduced:
        padded = _pad_to_grid(nominal, quarters)
        extent = Extent(padded.shape[1], padded.shape[0])
        seen = Extent(extent.width * QUARTERS // quarters, extent.height * QUARTERS // quarters)
        return cls(np.clip(resize(padded, seen, Filter.BICUBIC), 0, 1), extent, quarters)

    def in_document(self, seen: Bounds) -> Bounds:
        """Return bounds on the grid, as the network sees them, in the image's own pixels."""
        x, y, right, bottom = (edge // QUARTERS * self.quarters for edge in (seen.x, seen.y, seen.right, seen.bottom))
        return Bounds.from_edges(x, y, right, bottom)

    def pieces(self, wanted: Bounds, strip: Strip | None) -> list[tuple[Bounds, Strip]]:
        """Return parts of `wanted`, on the grid in the image's own pixels, and what the network is to make for each.

        `strip` is what the image is a strip of, if of anything.
        """
        whole, cells, top, again = self._cells(self.extent.bounds), self._cells(wanted), 0, None
        if strip is not None:
            top = strip.top // self.quarters
            again = None if strip.again is None else ceil(strip.again / self.quarters)
        pieces = []
        for column in strips(cells, COLUMN // QUARTERS, PIECE_AREA // QUARTERS**2):
            # Where the next piece begins: in this image, or in that of the next strip.
            following = [core.bottom for core in column[:-1]] + [None if again is None else column[-1].bottom - again]
            for core, below in zip(column, following, strict=True):
                area = core.pad(_KERNEL_CELLS).intersect(whole)
                repeated = None if below is None else (area.bottom - (below - _KERNEL_CELLS)) * QUARTERS
                pieces.append((core.scaled(self.quarters), Strip(area.scaled(QUARTERS), top * QUARTERS, repeated)))
        return pieces

    def _cells(self, part: Bounds) -> Bounds:
        """Return the cells of the grid that `part` is made of."""
        edges = (part.x, part.y, part.right, part.bottom)
        return Bounds.from_edges(*(edge / self.quarters for edge in edges))


def _pad_to_grid(image: FloatArray, quarters: int) -> FloatArray:
    height, width = image.shape[:2]
    bottom, right = ceil_to_multiple(height, quarters) - height, ceil_to_multiple(width, quarters) - width
    return np.pad(image, ((0, bottom), (0, right), (0, 0)), mode="edge")


def _slices(part: Bounds) -> tuple[slice, slice]:
    return slice(part.y, part.bottom), slice(part.x, part.right)
