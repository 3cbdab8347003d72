"""What an editor must offer for :mod:`foveate_shared.jobs.job_flow` to work in it.

A host is called from one thread only: the editor's main thread, which polls. It freezes one snapshot per job and
answers all windows out of it, whatever the person does to the document meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from ..geometry import Bounds, Extent
from ..pixels import PixelFormat
from ..wire.protocol import PIXELS, JsonObject, Outcome, Selection


@dataclass(frozen=True)
class Snapshot:
    """The document as it was when it was frozen."""

    extent: Extent
    format: PixelFormat  # of all pixels that the host hands out and takes, in its own layout
    selection: Selection | None  # None means the whole document
    space: str | None = None  # one of the protocol's named spaces; None where `icc` is set
    icc: bytes | None = None


@dataclass(frozen=True)
class Image:
    """Tightly packed pixels. Their format is the snapshot's, or that of a coverage where they are one."""

    extent: Extent
    data: bytes | bytearray | memoryview
    format: PixelFormat


@dataclass(frozen=True)
class ResultPatch:
    """A finished part of the result, to be applied as PROTOCOL.md says under "How to apply a patch"."""

    bounds: Bounds  # in the result's frame
    pixels: Image
    coverage: Image | None  # None means that all of it is taken
    item: str = ""


@dataclass(frozen=True)
class SelectionPart:
    """A finished part of a selection: where no part lies, nothing is selected."""

    bounds: Bounds  # in the result's frame
    coverage: Image
    item: str = ""


@dataclass(frozen=True)
class ItemReport:
    """What an item found out."""

    data: JsonObject
    drawing: Image | None  # for a person, in sRGB
    item: str = ""


@dataclass(frozen=True)
class ResultFile:
    """A file that a job made."""

    name: str  # no path
    media_type: str
    content: bytes | bytearray | memoryview


@dataclass(frozen=True)
class Result:
    """All that a job gave. Of the four kinds of parts it has those of its own kind alone."""

    frame: str  # "document": patches lie in the document; "new": they make up a new image
    extent: Extent  # of the frame
    patches: tuple[ResultPatch, ...]
    outcomes: tuple[Outcome, ...]
    recipe: JsonObject = field(default_factory=dict)
    kind: str = PIXELS  # "pixels", "selection", "report" or "files"
    selection: tuple[SelectionPart, ...] = ()
    reports: tuple[ItemReport, ...] = ()
    files: tuple[ResultFile, ...] = ()


class Host(Protocol):
    """An editor with a document. Every method may raise FoveateError with a sentence for the person."""

    def freeze(self) -> Snapshot:
        """Freeze the document's visible pixels and its selection, and describe them."""

    def read_pixels(self, bounds: Bounds, extent: Extent) -> Image:
        """Return the frozen pixels of `bounds` (document pixels) at `extent` or any size up to the bounds' own.

        A host that cannot reduce well hands out the bounds' own size: the server reduces.
        """

    def read_coverage(self, bounds: Bounds, extent: Extent) -> Image:
        """Return the frozen selection's coverage of `bounds` at exactly `extent`, one channel: u8, u16 or f32."""

    def is_unchanged(self) -> bool:
        """Tell whether the document still is what was frozen, so that the person can be told where it is not."""

    def apply(self, result: Result) -> None:
        """Bring the complete result into the document: one undo step, all of it or nothing."""

    def release(self) -> None:
        """Forget the frozen snapshot. Called once, when the job has ended; may be called without a snapshot."""


@runtime_checkable
class ResultHost(Host, Protocol):
    """A host that takes other kinds of results than pixels, too: its `apply` gets them."""

    @property
    def result_kinds(self) -> tuple[str, ...]:
        """Return all kinds that it takes: see :data:`foveate_shared.wire.protocol.RESULT_KINDS`."""


@runtime_checkable
class StepwiseHost(Host, Protocol):
    """A host whose main thread must not pause for long: it brings large results in step by step."""

    def steps(self, result: Result, *, check: bool) -> Iterator[None]:
        """Do what :meth:`Host.apply` does, and hand the thread back after every few milliseconds.

        Nothing shows before the last step, and nothing is left where the iterator is closed before. With `check`,
        raises InputError (CONFLICT) where the document is not what was frozen any more.
        """


@runtime_checkable
class TellingHost(Host, Protocol):
    """A host that tells a part of what a job gave in words, such as a report."""

    @property
    def told(self) -> tuple[str, ...]:
        """Return the sentences, once the result was applied."""


def told_by(host: Host) -> tuple[str, ...]:
    """Return what a host has to tell of the result that it took."""
    return host.told if isinstance(host, TellingHost) else ()


def takes(host: Host, kind: str) -> bool:
    """Tell whether a host takes results of a kind."""
    return kind in host.result_kinds if isinstance(host, ResultHost) else kind == PIXELS
