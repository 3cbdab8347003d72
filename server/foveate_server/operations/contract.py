"""The values of an operation's contract: a job is a list of items, and an item is a pure function of its windows.

An operation plans without touching a pixel; the server asks the client for the windows, and runs an item once they
are all at hand. Items say in :attr:`ItemResult.next_items` what else turned out to be needed. Everything between two
items is JSON and files, so a job survives a crash of the worker or of the server, items of several jobs interleave
fairly, and an executor on another machine needs nothing but the files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from foveate_shared.geometry import Bounds, Extent
from foveate_shared.i18n.sentence import Sentence
from foveate_shared.pixels import PixelFormat
from foveate_shared.wire.protocol import (
    DIFFUSION,
    DOCUMENT,
    PIXELS,
    JsonObject,
    ModelInfo,
    Outcome,
    Selection,
    WindowRequest,
)


@dataclass(frozen=True)
class WindowSource:
    """What windows show: the document, or another picture of the job."""

    extent: Extent
    format: PixelFormat
    space: str | None  # named colour space; None where `icc` is set
    icc: bytes | None
    has_coverage: bool = False  # that the client sends where it is asked for


@dataclass(frozen=True)
class JobRequest:
    """All that the result of a job depends on, apart from the pixels."""

    operation: str
    parameters: JsonObject  # as validated against the operation's schema, defaults filled in
    extent: Extent  # of the document; empty where the operation takes none
    format: PixelFormat  # of the document, in which patches are answered
    space: str | None  # named colour space of the document; None where `icc` is set
    icc: bytes | None
    selection: Selection | None  # None means the whole document
    model: ModelInfo | None = None  # the one that does it, settled at intake; None where the operation needs none
    safety: str = (
        "off"  # what becomes of pictures that are not safe for work: see operations.with_checkpoint.safety_policy
    )

    pictures: Mapping[str, WindowSource] = field(default_factory=dict)  # beside the document, by name

    def source(self, name: str) -> WindowSource:
        """Return what windows of the source `name` show. Raises KeyError where the job has none of that name."""
        if name == DOCUMENT:
            return WindowSource(self.extent, self.format, self.space, self.icc, self.wants_coverage)
        return self.pictures[name]

    @property
    def is_prompted(self) -> bool:
        """Tell whether a checkpoint does it: with a prompt, rather than by restoring."""
        return self.model is not None and self.model.kind == DIFFUSION

    @property
    def region(self) -> Bounds:
        """Return the selected bounds, in document pixels: all of the document where nothing is selected."""
        return self.selection.bounds if self.selection else self.extent.bounds

    @property
    def wants_coverage(self) -> bool:
        """Tell whether the selection has soft or irregular edges that the client must send."""
        return self.selection is not None and self.selection.has_coverage


@dataclass(frozen=True)
class Item:
    """The unit of work: scheduled, run, retried and reported as one."""

    id: str  # unique within the job, stable across restarts
    stage: str | Sentence  # a short English phrase for the progress line
    windows: tuple[WindowRequest, ...]
    arguments: JsonObject = field(default_factory=dict)  # whatever the operation wants to remember
    weight: float = 1.0  # the time that it takes, relative to the job's other items: see operations.costs
    brings: float = 0.0  # the weight of those that follow from it, as far as that is certain
    is_survey: bool = False  # it tells what else is to be done, and how much that is nobody knows before


@dataclass(frozen=True)
class Plan:
    """What a job will give."""

    frame: str  # "document" or "new", as in the protocol
    extent: Extent  # of the frame
    summary: str | Sentence  # one sentence for a person
    items: tuple[Item, ...]
    kind: str = PIXELS  # of the result, as the schema's `x-result` says
    most_work: float | None = None  # what it costs at most, where a survey must tell: see operations.costs

    @property
    def makes_new_image(self) -> bool:
        """Tell whether the result is an image of its own, which has a hole where an item failed."""
        return self.frame == "new" and self.kind == PIXELS

    @property
    def work(self) -> float | None:
        """Return what it costs, or what it costs at most; None where nobody knows before it is looked at."""
        if any(item.is_survey for item in self.items):
            return self.most_work
        return sum(item.weight + item.brings for item in self.items)


@dataclass(frozen=True)
class WindowData:
    """The pixels that the client sent for a window, as they came."""

    bounds: Bounds  # pixels of the source
    extent: Extent  # of the pixels: from the asked extent up to the bounds' own
    pixels: memoryview  # in the source's format
    coverage: NDArray[Any] | None  # (height, width), u8, u16 or f32 as sent
    source: str = DOCUMENT  # what it shows, as in the request


@dataclass(frozen=True)
class ItemResult:
    """How an item ended, and what follows from it."""

    outcome: Outcome
    next_items: tuple[Item, ...] = ()
    recipe: JsonObject = field(default_factory=dict)  # merged into the job's recipe: model, device, pinned values


class Context(Protocol):
    """What a running item may say to the world. Implemented by the worker."""

    def check(self) -> None:
        """Give a sign of life and raise CancelledJobError where the job was cancelled. Call between network blocks."""

    def give_way(self) -> bool:
        """Let shorter items of others run now: see engines.contract.Ticker. Call between parts that take seconds."""

    def progress(self, stage: str, fraction: float, step: int = 0, steps: int = 0) -> None:
        """Report how far the item is (0 to 1). Implies :meth:`check`."""

    def get_ready(self, stage: str, seconds: float) -> None:
        """Report that nothing is computed for about `seconds` from now: see engines.contract.Ticker."""

    def weigh(self, weight: float) -> None:
        """Correct the item's :attr:`Item.weight`, where it shows only now how much is to be done."""

    def note(self, text: str) -> None:
        """Tell the owner a sentence, such as that a tile had to shrink."""

    def preview(self, bounds: Bounds, pixels: NDArray[np.uint8]) -> None:
        """Show an unfinished picture, (height, width, 3) sRGB-encoded, of a part of the frame."""

    def patch(self, bounds: Bounds, pixels: bytes | memoryview, coverage: bytes | memoryview | None) -> None:
        """Hand over a finished part: pixels in the document's format, coverage as u8, u16 or f32 `coverage_format`.

        The dtype of the coverage follows from its length. Of a result of kind "pixels", as each kind has its own.
        """

    def selection(self, bounds: Bounds, coverage: bytes | memoryview) -> None:
        """Hand over a finished part of a result of kind "selection": coverage as in :meth:`patch`."""

    def report(self, data: JsonObject, drawing: NDArray[np.uint8] | None = None) -> None:
        """Hand over what the item found out, once: the result is of kind "report".

        `drawing` is a picture for a person, (height, width, 3) sRGB-encoded.
        """

    def file(self, name: str, content: bytes | memoryview, media_type: str) -> None:
        """Hand over a file of a result of kind "files"; its name is unique within the job, and no path."""
