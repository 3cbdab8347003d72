"""The face of an item that works on one face: where it is, and what its outcome tells of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import cast

from foveate_server import json_records
from foveate_server.engines.values import Face
from foveate_server.imaging.samples import FloatArray
from foveate_server.operations.findings import search_document
from foveate_server.operations.item_run import ItemRun
from foveate_server.operations.single_face.upright import ellipse
from foveate_shared.geometry import Bounds
from foveate_shared.wire.protocol import JsonObject


@dataclass(frozen=True)
class ShownFace:
    """A face, and the window that shows it."""

    number: int
    face: Face  # document pixels
    window: Bounds  # document pixels

    @classmethod
    def of(cls, run: ItemRun[object]) -> ShownFace:
        """Return the face of an item whose arguments are what :attr:`data` tells."""
        arguments = run.item.arguments
        face = json_records.from_json(Face, cast("JsonObject", arguments["face"]))
        return cls(cast("int", arguments["number"]), face, run.window.bounds)

    @property
    def data(self) -> JsonObject:
        """Return what outcomes tell of it."""
        return {"number": self.number, "face": search_document.to_json(self.face)}

    @cached_property
    def around(self) -> FloatArray:
        """Return a soft ellipse around the face, (height, width) of the window."""
        return ellipse(self.face, self.window)
