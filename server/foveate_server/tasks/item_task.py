"""A task: one item of one job with the files that it needs, and what is told while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from foveate_server.operations.contract import Item, JobRequest
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.i18n.sentence import Sentence
from foveate_shared.pixels import PixelFormat
from foveate_shared.wire.protocol import DOCUMENT, JsonObject


@dataclass(frozen=True)
class WindowFile:
    """A window's bytes on disk."""

    bounds: Bounds  # pixels of the source
    extent: Extent  # of the pixels
    pixels: Path
    coverage: Path | None
    coverage_format: PixelFormat | None
    source: str = DOCUMENT
    format: PixelFormat | None = None  # of the pixels; None means that of the document


@dataclass(frozen=True)
class Task:
    """One item of one job."""

    job: str
    request: JobRequest
    item: Item
    windows: Mapping[str, WindowFile]
    output: Path  # an existing folder for the patches' files
    memory_share: float = 1.0  # of the free memory, that it may plan with

    @property
    def key(self) -> str:
        """Return a name that is unique among the tasks under way."""
        return f"{self.job}/{self.item.id}"


@dataclass(frozen=True)
class TaskBegan:
    """A worker has taken the task up."""

    key: str


@dataclass(frozen=True)
class TaskProgress:
    """How far the running item is."""

    stage: str | Sentence
    fraction: float
    step: int
    steps: int


@dataclass(frozen=True)
class TaskReadiness:
    """For about so many seconds the running item computes nothing: it is getting ready."""

    stage: str | Sentence
    seconds: float


@dataclass(frozen=True)
class TaskWeight:
    """What the running item weighs, as it has turned out: see Item.weight."""

    weight: float


@dataclass(frozen=True)
class TaskNote:
    """A sentence for the job's owner."""

    text: str | Sentence


@dataclass(frozen=True)
class TaskPreview:
    """An unfinished picture, RGB u8, top row first."""

    bounds: Bounds
    extent: Extent
    pixels: bytes


@dataclass(frozen=True)
class TaskPatch:
    """A finished part of a result of pixels, on disk and complete."""

    bounds: Bounds
    pixels: Path
    coverage: Path | None
    coverage_format: PixelFormat | None

    @property
    def files(self) -> tuple[Path, ...]:
        """Return its files, in the order in which the message declares their blobs; so have all parts."""
        return (self.pixels,) if self.coverage is None else (self.pixels, self.coverage)


@dataclass(frozen=True)
class TaskSelection:
    """A finished part of a selection."""

    bounds: Bounds
    coverage: Path
    coverage_format: PixelFormat

    @property
    def files(self) -> tuple[Path, ...]:
        """Return its file."""
        return (self.coverage,)


@dataclass(frozen=True)
class TaskReport:
    """What an item found out. The drawing is RGB u8, top row first."""

    data: JsonObject
    drawing: Path | None
    extent: Extent | None  # of the drawing

    @property
    def files(self) -> tuple[Path, ...]:
        """Return its file, where it has a drawing."""
        return () if self.drawing is None else (self.drawing,)


@dataclass(frozen=True)
class TaskFile:
    """A file of the result."""

    name: str
    media_type: str
    content: Path

    @property
    def files(self) -> tuple[Path, ...]:
        """Return where its content lies."""
        return (self.content,)


TaskPart = TaskPatch | TaskSelection | TaskReport | TaskFile
TaskEvent = TaskBegan | TaskProgress | TaskReadiness | TaskWeight | TaskNote | TaskPreview | TaskPart
