"""The rows of the spool as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from foveate_server.operations.contract import Item, Plan
from foveate_shared.errors import ErrorInfo
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.pixels import PixelFormat
from foveate_shared.wire.protocol import DOCUMENT, JsonObject, ModelInfo, Outcome


@dataclass(frozen=True, order=True)
class Owner:
    """Whose jobs they are: no other owner sees, cancels or acknowledges them."""

    token: str  # the token's name
    client: str  # the client's id


@dataclass(frozen=True)
class JobRow:
    """A job as it is stored."""

    number: int  # the spool's own, never used again
    owner: Owner
    job: str  # the id that the client minted
    content: str  # SHA-256 of what was submitted
    submit: str  # the message's control frame
    parameters: JsonObject  # as validated, with defaults
    icc: bytes | None
    plan: Plan  # without its items
    state: str  # "open", "done", "failed" or "cancelled"
    recipe: JsonObject
    seq: int  # of the newest lasting event
    created: float  # seconds since the epoch
    updated: float
    model: ModelInfo | None = None  # settled at intake
    picture_profiles: Mapping[str, bytes] = field(default_factory=dict)  # ICC, of pictures that have one, by name
    touched: float = 0.0  # the servers' running time at the newest lasting event, or when it was offered; seconds
    offered: bool = False  # the owner was told that it has ended


@dataclass(frozen=True)
class ExpiredRow:
    """A job that went without its owner's word."""

    number: int  # that it had
    owner: Owner
    job: str
    operation: str
    created: float  # seconds since the epoch


@dataclass(frozen=True)
class ItemRow:
    """An item of a job as it is stored."""

    position: int
    item: Item
    attempts: int = 0  # runs that began and did not end: the server died
    worker_deaths: int = 0  # runs that ended with the death of the worker
    outcome: Outcome | None = None
    error: ErrorInfo | None = None


@dataclass(frozen=True)
class WindowRow:
    """A window that arrived. The facts outlive the files: the recipe needs them."""

    id: str
    bounds: Bounds  # pixels of the source
    extent: Extent  # of the pixels
    pixels_sha256: str
    pixels_size: int  # bytes
    coverage_sha256: str | None
    coverage_format: PixelFormat | None
    source: str = DOCUMENT
    wiped: bool = False  # the files are gone: no item that is left needs them

    @property
    def coverage_size(self) -> int:
        """Return the bytes of the coverage, 0 where there is none."""
        return self.coverage_format.size(self.extent) if self.coverage_format else 0


@dataclass(frozen=True)
class StoredEvent:
    """A lasting event, with the files that it brings along."""

    seq: int
    text: str  # the message's control frame; blobs have placeholder ids
    item: str | None = None  # of a part of the result
    files: tuple[Path, ...] = ()  # at most two, in the order in which the message declares their blobs
