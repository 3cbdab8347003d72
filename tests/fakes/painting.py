"""An operation for tests of the server: inverts what it is given, in as many items as asked; also for real workers."""

from __future__ import annotations

import itertools
import os
import time
from dataclasses import dataclass, replace
from pathlib import Path

from foveate_server.models.model_requirement import RESTORERS
from foveate_server.operations.contract import Item, ItemResult, Plan
from foveate_server.operations.parameters.declaration import Declaration, parameter
from foveate_server.operations.parameters.roles import MODEL
from foveate_shared.geometry import Bounds
from foveate_shared.wire.protocol import Outcome, WindowRequest

_INVERSE = bytes(range(255, -1, -1))


@dataclass(frozen=True)
class PaintParameters:
    items: int = parameter(default=1, minimum=1, maximum=64)
    follow: int = parameter(default=0, minimum=0, maximum=8)
    model: str | None = parameter(default=None, role=MODEL, type=["string", "null"])
    wait: bool = parameter(default=False)


def strips(region, count):
    """Split a region into `count` strips from top to bottom."""
    edges = [region.y + region.height * index // count for index in range(count + 1)]
    return [Bounds(region.x, top, region.width, bottom - top) for top, bottom in itertools.pairwise(edges)]


def item(number, bounds, wants_coverage=False, follow=0):
    window = WindowRequest(f"w/{number}", bounds, bounds.extent, wants_coverage)
    return Item(f"i{number}", "painting", (window,), {"follow": follow})


class Paint:
    name = "paint"
    title = "Paint"
    parameters = Declaration(PaintParameters, models=(RESTORERS,))

    def plan(self, request, parameters):
        parts = strips(request.region, parameters.items)
        items = [item(number, part, request.wants_coverage, parameters.follow) for number, part in enumerate(parts, 1)]
        return Plan("document", request.extent, f"Paint {len(parts)} strips.", tuple(items))

    def run(self, run):
        window, item, context = run.window, run.item, run.context
        if run.parameters.wait and item.id not in {"i1", "i2"}:
            wait_at_gate(context)
        context.progress("painting", 0.5, 1, 2)
        coverage = None if window.coverage is None else window.coverage.tobytes()
        context.patch(window.bounds, inverted(window.pixels), coverage)
        return ItemResult(Outcome(item.id, "done"), recipe={"device": "cpu: test"})


class PaintAnew(Paint):
    """The same, as a new image."""

    def plan(self, request, parameters):
        return replace(super().plan(request, parameters), frame="new")


def wait_at_gate(context):
    """Go on once the file that the environment names is gone."""
    while Path(os.environ["PAINT_GATE"]).exists():
        context.progress("waiting", 0.1)
        time.sleep(0.01)


def inverted(data):
    return bytes(data).translate(_INVERSE)


def operations():
    return {"paint": Paint()}
