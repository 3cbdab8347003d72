"""Small operations for what version 2 of the protocol added: further pictures, no document, every kind of result.

`python -m fakes.version_2` is a server that offers them.
"""

import json
import os

import numpy as np

from fakes.painting import Paint, inverted
from foveate_server import app
from foveate_server.config.server_config import load_config
from foveate_server.engines.engine_specs import engine_of
from foveate_server.net.run_service import ServedApplication, run_service
from foveate_server.operations.contract import Item, ItemResult, Plan
from foveate_server.operations.parameters.declaration import Declaration, NoParameters
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.wire.protocol import Outcome, WindowRequest

DRAWING = np.array([[[255, 0, 0], [0, 255, 0]]], np.uint8)  # what a report draws: two pixels


def declared(**annotations):
    return Declaration(NoParameters, annotations)


def whole(window, extent, source="document", *, coverage=False):
    return WindowRequest(window, extent.bounds, extent, coverage, source)


class Mix:
    """The document, plus the control picture, plus the references' first pixels; the mask is its coverage."""

    name = "mix"
    title = "Mix"
    parameters = declared(
        **{
            "x-pictures": {
                "control": {"title": "Control picture", "min": 1, "max": 1, "extent": "document"},
                "reference": {"title": "Reference pictures", "min": 0, "max": 3},
                "mask": {"title": "Mask", "min": 0, "max": 1, "extent": "document"},
            }
        }
    )

    def plan(self, request, parameters):
        windows = [whole("document", request.extent)]
        for name, picture in request.pictures.items():
            windows.append(whole(name, picture.extent, name, coverage=picture.has_coverage))
        return Plan("document", request.extent, "Mix.", (Item("mix", "mixing", tuple(windows)),))

    def run(self, run):
        total = np.frombuffer(run.windows["document"].pixels, np.uint8).astype(int)
        for name, window in run.windows.items():
            seen = np.frombuffer(window.pixels, np.uint8).astype(int)
            if name == "control":
                total = total + seen
            elif name.startswith("reference"):
                total = total + seen[0]
        mask = run.windows.get("mask")
        coverage = mask.coverage.tobytes() if mask and mask.coverage is not None else None
        run.context.patch(run.request.extent.bounds, (total % 256).astype(np.uint8).tobytes(), coverage)
        return ItemResult(Outcome(run.item.id, "done"))


class Optional(Mix):
    """One that takes a picture, and does not need it: for clients of version 1, too."""

    name = "optional"
    title = "Optional"
    parameters = declared(**{"x-pictures": {"reference": {"max": 3}}})


class Make:
    """A new picture out of nothing."""

    name = "make"
    title = "Make"
    parameters = declared(**{"x-document": False})

    def plan(self, request, parameters):
        return Plan("new", Extent(3, 2), "Make.", (Item("make", "making", ()),))

    def run(self, run):
        run.context.patch(Bounds(0, 0, 3, 2), bytes(range(18)), None)
        return ItemResult(Outcome(run.item.id, "done"))


class Choose:
    """Selects what is brighter than half."""

    name = "choose"
    title = "Choose"
    parameters = declared(**{"x-result": "selection"})

    def plan(self, request, parameters):
        item = Item("choose", "choosing", (whole("document", request.extent),))
        return Plan("document", request.extent, "Choose.", (item,), "selection")

    def run(self, run):
        seen = np.frombuffer(run.windows["document"].pixels, np.uint8)
        run.context.selection(run.request.extent.bounds, np.where(seen > 127, 255, 0).astype(np.uint8).tobytes())
        return ItemResult(Outcome(run.item.id, "done"))


class Measure:
    """Reports the mean, with a drawing."""

    name = "measure"
    title = "Measure"
    parameters = declared(**{"x-result": "report"})

    def plan(self, request, parameters):
        item = Item("measure", "measuring", (whole("document", request.extent),))
        return Plan("document", request.extent, "Measure.", (item,), "report")

    def run(self, run):
        seen = np.frombuffer(run.windows["document"].pixels, np.uint8)
        run.context.report({"mean": float(seen.mean())}, DRAWING)
        return ItemResult(Outcome(run.item.id, "done"))


class Export:
    """Gives the document's bytes, and what they are, as files."""

    name = "export"
    title = "Export"
    parameters = declared(**{"x-result": "files"})

    def plan(self, request, parameters):
        item = Item("export", "exporting", (whole("document", request.extent),))
        return Plan("document", request.extent, "Export.", (item,), "files")

    def run(self, run):
        run.context.file("raw.bin", inverted(run.windows["document"].pixels), "application/octet-stream")
        extent = [run.request.extent.width, run.request.extent.height]
        run.context.file("about.json", json.dumps({"extent": extent}).encode(), "application/json")
        run.context.file("empty.txt", b"", "text/plain")
        return ItemResult(Outcome(run.item.id, "done"))


class Liar(Measure):
    """Gives another kind of result than it declares."""

    name = "liar"

    def run(self, run):
        run.context.patch(run.request.extent.bounds, bytes(run.windows["document"].pixels), None)
        return ItemResult(Outcome(run.item.id, "done"))


def operations():
    table = (Paint(), Mix(), Optional(), Make(), Choose(), Measure(), Export(), Liar())
    return {operation.name: operation for operation in table}


def build(config, token):
    """See net.run_service."""
    variants = app.Variants(operations="fakes.version_2:operations")
    made = app.create_app(config, engine_of(config), token=token, variants=variants)
    return ServedApplication(made, made.status)


if __name__ == "__main__":
    run_service(load_config(environment=os.environ), build, lambda _: None)
