"""Small operations for editors: what comes of their layers, and each kind of result, whatever the pixels are.

`python -m fakes.layer_operations` is a server that offers them beside refocus.
"""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np

from fakes.version_2 import DRAWING, declared, whole
from foveate_server import app
from foveate_server.config.server_config import load_config
from foveate_server.engines.engine_specs import engine_of
from foveate_server.net.run_service import ServedApplication, run_service
from foveate_server.operations.contract import Item, ItemResult, Plan
from foveate_server.operations.registry import operations as our_operations
from foveate_shared.geometry import Extent
from foveate_shared.wire.protocol import Outcome

_TYPES = {"u8": np.uint8, "u16": np.uint16, "f16": np.float16, "f32": np.float32}
CONTROL = {
    "title": "Control picture",
    "description": "Its pixels are taken.",
    "min": 1,
    "max": 1,
    "extent": "document",
}
REFERENCES = {"title": "Reference pictures", "description": "What it shall look like.", "min": 0, "max": 3}


def seen(run: Any, name: str) -> Any:
    """Return a window's samples as (height, width, channels)."""
    window = run.windows[name]
    layout = run.request.source(window.source).format
    flat = np.frombuffer(window.pixels, _TYPES[layout.dtype.value])
    return flat.reshape(window.extent.height, window.extent.width, layout.channels.count)


class Small:
    """One item that sees all of the document, where there is one, and of the pictures."""

    kind, frame = "pixels", "document"

    def plan(self, request, parameters):
        windows = [] if request.extent.is_empty else [whole("document", request.extent)]
        windows += [whole(name, each.extent, name) for name, each in request.pictures.items()]
        item = Item(self.name, "working", tuple(windows))
        return Plan(self.frame, self.extent(request), f"{self.title}.", (item,), self.kind)

    def extent(self, request):
        return request.extent

    def run(self, run):
        self.give(run)
        return ItemResult(Outcome(run.item.id, "done"))


class Take(Small):
    """The control picture's pixels, in the place of the document's."""

    name, title = "take", "Take over"
    parameters = declared(**{"x-pictures": {"control": CONTROL, "reference": REFERENCES}})

    def give(self, run):
        run.context.patch(run.request.extent.bounds, seen(run, "control").tobytes(), None)


class Probe(Small):
    """Files with the bytes of each picture that came, and what they are."""

    name, title, kind = "probe", "Probe", "files"
    parameters = declared(**{"x-pictures": {"control": CONTROL, "reference": REFERENCES}, "x-result": "files"})

    def give(self, run):
        about = {}
        for name, source in run.request.pictures.items():
            window, layout = run.windows[name], source.format
            about[name] = {
                "format": [layout.dtype.value, layout.channels.value, layout.alpha.value, layout.rows.value],
                "extent": [window.extent.width, window.extent.height],
                "space": source.space,
            }
            run.context.file(f"{name}.raw", bytes(window.pixels), "application/octet-stream")
        run.context.file("about.json", json.dumps(about).encode(), "application/json")


class Pick(Small):
    """Selects where the document's first channel is brighter than half."""

    name, title, kind = "pick", "Pick bright parts", "selection"
    parameters = declared(**{"x-result": "selection"})

    def give(self, run):
        samples = seen(run, "document")[..., 0]
        top = np.iinfo(samples.dtype).max if samples.dtype.kind == "u" else 1
        bright = np.where(samples.astype(float) > top / 2, 255, 0).astype(np.uint8)
        if run.request.format.rows.value == "bottom_up":
            bright = bright[::-1]
        run.context.selection(run.request.extent.bounds, bright.tobytes())


class Weigh(Small):
    """Reports a number, with a drawing."""

    name, title, kind = "weigh", "Weigh", "report"
    parameters = declared(**{"x-result": "report"})

    def give(self, run):
        run.context.report({"pixels": run.request.extent.area, "kind": "photo"}, DRAWING)


class Collage(Small):
    """Out of no document: a new picture as large as the first reference, of its first sample in each pixel."""

    name, title, frame = "collage", "Collage", "new"
    parameters = declared(**{"x-document": False, "x-pictures": {"reference": {**REFERENCES, "min": 1}}})

    def extent(self, request):
        return request.pictures["reference-1"].extent

    def give(self, run):
        extent = self.extent(run.request)
        ramp = np.arange(extent.area * 3, dtype=np.uint32) % 251
        run.context.patch(extent.bounds, ramp.astype(np.uint8).tobytes(), None)


class Blank(Small):
    """A new picture out of nothing at all."""

    name, title, frame = "blank", "Blank", "new"
    parameters = declared(**{"x-document": False})

    def extent(self, request):
        return Extent(6, 4)

    def give(self, run):
        run.context.patch(Extent(6, 4).bounds, bytes(range(72)), None)


def operations():
    """Return what this server offers."""
    table = (our_operations()["refocus"], Take(), Probe(), Pick(), Weigh(), Collage(), Blank())
    return {operation.name: operation for operation in table}


def build(config, token):
    """See net.run_service."""
    variants = app.Variants(operations="fakes.layer_operations:operations")
    made = app.create_app(config, engine_of(config), token=token, variants=variants)
    return ServedApplication(made, made.status)


if __name__ == "__main__":
    run_service(load_config(environment=os.environ), build, lambda _: None)
