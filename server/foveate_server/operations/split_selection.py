"""Working on a selection part by part: what is connected is a region of its own, and gets all the attention.

The dial and the hands of a watch, the wheels of a car: seen as one region they would share the pixels that a network
takes. Which parts there are is known only with the coverage, so the first item looks at a coarse map of it and plans
the others, each with the items that its part would have alone. Every item sees the map, and so knows its part's shape.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar, cast

import numpy as np

from foveate_server.imaging import mask
from foveate_server.imaging.connected_parts import PartMap, find_parts
from foveate_server.imaging.crop import context_margin
from foveate_server.operations.contract import Item, ItemResult, JobRequest, WindowData
from foveate_server.operations.item_run import ItemRun
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.wire.protocol import JsonObject, Outcome, Selection, WindowRequest

_LOOK, _MAP = "parts", "parts.map"  # the first item, and the id of the map's window, which all items share
_MAP_SIDE = 1024  # pixels: a selection up to this is mapped at its own size
_COARSEST = 8  # document pixels of a map's cell, along each side, however large the selection is

Parameters = TypeVar("Parameters")


@dataclass(frozen=True)
class PartWork(Generic[Parameters]):
    """How one part is worked on, as if it were all that is selected."""

    plan: Callable[[JobRequest], tuple[Item, ...]]
    run: Callable[[ItemRun[Parameters]], ItemResult]
    window_area: int  # pixels that a part may see of its surroundings and still be seen as it is


def falls_apart(request: JobRequest) -> bool:
    """Tell whether a selection can have parts: a rectangle, or all of the document, has none."""
    return request.wants_coverage


def first_items(request: JobRequest) -> tuple[Item, ...]:
    """Return the items to begin with."""
    return (Item(_LOOK, "Looking for the parts", (_map_of(request.region),), is_survey=True),)


def carry_out(run: ItemRun[Parameters], work: PartWork[Parameters]) -> ItemResult:
    """Carry out an item of :func:`first_items`, or one that follows from it."""
    parts = _parts_in(run)
    if run.item.id == _LOOK:
        return _planned(run, parts, work)
    number = int(cast("int", run.item.arguments["part"]))
    part = _Part(number, run.request)
    inner = part.taken_apart(run, parts)
    result = work.run(inner)
    outcome = replace(result.outcome, item=run.item.id, data={**result.outcome.data, "part": number})
    following = tuple(part.item_of(item) for item in result.next_items)
    return ItemResult(outcome, following, result.recipe)


def _planned(run: ItemRun[Parameters], parts: PartMap, work: PartWork[Parameters]) -> ItemResult:
    if not parts.count:
        return ItemResult(Outcome(_LOOK, "kept", "Nothing is selected here."))
    items: list[Item] = []
    for number in range(1, parts.count + 1):
        part, bounds = _Part(number, run.request), _bounds_of(parts, number)
        planned = work.plan(_alone(run.request, bounds))
        if len(planned) == 1:
            planned = (_with_surroundings(planned[0], bounds, run.request, work.window_area),)
        items += (part.item_of(item) for item in planned)
    found: JsonObject = {"parts": parts.count}
    return ItemResult(Outcome(_LOOK, "done", "", found), tuple(items))


@dataclass(frozen=True)
class _Part:
    """One part's items among those of the job: theirs are the names that it would have alone, with its own before."""

    number: int  # from 1
    request: JobRequest  # of all of the selection

    @property
    def _prefix(self) -> str:
        return f"part-{self.number}."

    def item_of(self, item: Item) -> Item:
        """Return an item of the part alone as one of the job."""
        windows = tuple(replace(window, id=f"{self._prefix}{window.id}") for window in item.windows)
        told: JsonObject = {"part": self.number, "alone": item.arguments}
        return replace(
            item, id=f"{self._prefix}{item.id}", windows=(*windows, _map_of(self.request.region)), arguments=told
        )

    def taken_apart(self, run: ItemRun[Parameters], parts: PartMap) -> ItemRun[Parameters]:
        """Return what runs as if the part were all that is selected."""
        item = run.item
        alone = replace(
            item,
            id=item.id.removeprefix(self._prefix),
            arguments=cast("JsonObject", item.arguments["alone"]),
            windows=tuple(self._window_alone(window) for window in item.windows if window.id != _MAP),
        )
        windows = {
            name.removeprefix(self._prefix): _covered_by(window, parts, self.number)
            for name, window in run.windows.items()
            if name != _MAP
        }
        request = _alone(run.request, _bounds_of(parts, self.number))
        return replace(run, request=request, item=alone, windows=windows)

    def _window_alone(self, window: WindowRequest) -> WindowRequest:
        return replace(window, id=window.id.removeprefix(self._prefix))


def _alone(request: JobRequest, bounds: Bounds) -> JobRequest:
    return replace(request, selection=Selection(bounds, has_coverage=True))


def _bounds_of(parts: PartMap, number: int) -> Bounds:
    """Return the part's region; a selection of one part is worked on as if nobody had looked."""
    return parts.region if parts.count == 1 else parts.bounds[number - 1]


def _covered_by(window: WindowData, parts: PartMap, number: int) -> WindowData:
    """Return a window whose coverage is the part's alone. Coverage comes with windows at their own size."""
    if window.coverage is None:
        return window
    mine = parts.mask(number, window.bounds)
    return replace(window, coverage=np.where(mine, window.coverage, window.coverage.dtype.type(0)))


def _with_surroundings(item: Item, part: Bounds, request: JobRequest, area: int) -> Item:
    """Return an item that sees as far around its part as one of all of the selection would, within an `area`."""
    (window,) = item.windows
    room = (math.sqrt((part.width - part.height) ** 2 + 4 * area) - part.width - part.height) / 4
    margin = min(context_margin(request.region), int(room))
    wider = window.bounds.union(part.pad(max(0, margin)).clamp(request.extent))
    return replace(item, windows=(replace(window, bounds=wider, extent=wider.extent),))


def _map_of(region: Bounds) -> WindowRequest:
    """Return the wish for a coarse map of the selection."""
    longest = max(region.width, region.height)
    scale = min(1.0, max(_MAP_SIDE / longest, 1 / _COARSEST))
    extent = Extent(max(1, round(region.width * scale)), max(1, round(region.height * scale)))
    return WindowRequest(_MAP, region, extent, coverage=True)


def _parts_in(run: ItemRun[Parameters]) -> PartMap:
    """Return the parts, the same whatever size the client sent the map in."""
    region = run.request.region
    window, cells = run.windows[_MAP], _map_of(region).extent
    if window.coverage is None:
        raise ValueError("a map has no coverage")
    coverage = mask.coverage_from_samples(window.coverage)
    for axis, count in enumerate((cells.height, cells.width)):
        starts = np.arange(count) * coverage.shape[axis] // count
        coverage = np.maximum.reduceat(coverage, starts, axis=axis)
    return find_parts(coverage, region)
