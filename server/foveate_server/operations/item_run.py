"""What an operation sees of a running item: all of it in one value, its pixels decoded once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

from foveate_server.engines.contract import Engine
from foveate_server.imaging import mask
from foveate_server.imaging.samples import FloatArray
from foveate_server.operations.contract import Context, Item, ItemResult, JobRequest, WindowData
from foveate_server.operations.document import window_pixels
from foveate_server.operations.document.patches import core_of
from foveate_server.operations.document.window_pixels import WindowPixels
from foveate_shared.geometry import Bounds
from foveate_shared.wire.protocol import Json, JsonObject, Outcome

Parameters_co = TypeVar("Parameters_co", covariant=True)  # as the operation declares them


@dataclass(frozen=True)
class ItemRun(Generic[Parameters_co]):
    """A running item. What is decoded is decoded at first use and kept; nobody writes into it."""

    request: JobRequest
    parameters: Parameters_co  # the request's, as the operation declares them
    item: Item
    windows: Mapping[str, WindowData]  # by the ids that the item asked for
    engine: Engine
    context: Context

    @property
    def window(self) -> WindowData:
        """Return the only window of an item that has one."""
        (window,) = self.windows.values()
        return window

    @property
    def core(self) -> Bounds:
        """Return the part of the document that the item answers for."""
        return core_of(self.item, self.request)

    @cached_property
    def pixels(self) -> WindowPixels:
        """Return the window decoded. Raises InputError for NaN, infinities and unusable colour profiles."""
        return window_pixels.read(self.request, self.window)

    @cached_property
    def selection(self) -> FloatArray:
        """Return the selection's coverage over the window, (height, width) in 0..1, as the client has it."""
        return window_pixels.selected(self.request, self.window)

    @cached_property
    def feather(self) -> FloatArray:
        """Return the selection's coverage likewise, faded inwards from its edges; the document's borders are none."""
        return window_pixels.feathered(self.request, self.window, self.selection)

    def send(self, part: Bounds, working: FloatArray, coverage: FloatArray) -> bool:
        """Send what of `part` (document pixels) is covered as a patch; tell whether there was anything.

        `working` (height, width, 3) and `coverage` (height, width) cover the window.
        """
        bounds = self.window.bounds
        covered = mask.covered_bounds(coverage, bounds).intersect(part)
        if covered.is_empty:
            return False
        pixels = window_pixels.write(self.request, window_pixels.cut(working, covered, bounds), self.window, covered)
        taken = window_pixels.cut(coverage, covered, bounds)
        self.context.patch(covered, pixels, window_pixels.encode_coverage(self.request, taken))
        return True

    def unchanged_at_zero(self, strength: float, part: Bounds, data: JsonObject, **more: Json) -> ItemResult | None:
        """Return the item's end where nothing is asked of it: `part` (document pixels) goes back, byte for byte.

        The outcome tells `data`, the strength and `more`. None where `strength` asks for something.
        """
        if strength != 0:
            return None
        coverage = window_pixels.cut(self.selection, part, self.window.bounds)
        pixels = window_pixels.original(self.request, self.window, part)
        self.context.patch(part, pixels, window_pixels.encode_coverage(self.request, coverage))
        return ItemResult(Outcome(self.item.id, "done", "", {**data, "strength": 0.0, **more}))
