"""Collecting the parts of a result, of whatever kind, until it is complete."""

from __future__ import annotations

from collections.abc import Sequence

from ..wire.protocol import FileMade, JsonObject, Outcome, Patch, Pixels, Planned, Reported, SelectionPatch
from .host import Image, ItemReport, Result, ResultFile, ResultPatch, SelectionPart


class ResultParts:
    """The parts of one job's result, in the order in which they came."""

    def __init__(self) -> None:
        self._patches: list[ResultPatch] = []
        self._selection: list[SelectionPart] = []
        self._reports: list[ItemReport] = []
        self._files: list[ResultFile] = []

    def add(self, event: Patch | SelectionPatch | Reported | FileMade, payloads: Sequence[object]) -> None:
        """Take a part with the bytes of its blobs."""
        if isinstance(event, Patch):
            pixels, coverage = _image(event.pixels, payloads[0]), event.coverage
            covered = _image(coverage, payloads[1]) if coverage else None
            self._patches.append(ResultPatch(event.bounds, pixels, covered, event.item))
        elif isinstance(event, SelectionPatch):
            self._selection.append(SelectionPart(event.bounds, _image(event.coverage, payloads[0]), event.item))
        elif isinstance(event, Reported):
            drawing = _image(event.drawing, payloads[0]) if event.drawing else None
            self._reports.append(ItemReport(event.data, drawing, event.item))
        else:
            self._files.append(ResultFile(event.name, event.media_type, bytes_of(payloads[0])))

    def complete(self, plan: Planned, outcomes: tuple[Outcome, ...], recipe: JsonObject) -> Result:
        """Return the result of a job that has ended."""
        return Result(
            plan.frame,
            plan.extent,
            tuple(self._patches),
            outcomes,
            recipe,
            plan.kind,
            tuple(self._selection),
            tuple(self._reports),
            tuple(self._files),
        )


def bytes_of(payload: object) -> bytes:
    """Return a payload for reading; the client assembles blobs in memory."""
    return payload  # type: ignore[return-value]


def _image(pixels: Pixels, payload: object) -> Image:
    return Image(pixels.extent, bytes_of(payload), pixels.format)
