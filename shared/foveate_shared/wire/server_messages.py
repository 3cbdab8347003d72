"""What the server says: answers, and the events of jobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..errors import ErrorInfo
from ..geometry import Bounds, Extent
from ..i18n.sentence import Sentence
from .json_values import JsonObject
from .limits import RECEIVE_WINDOW
from .values import (
    PIXELS,
    Blob,
    ExpiredJob,
    JobSummary,
    Limits,
    ModelInfo,
    OperationInfo,
    Outcome,
    Peer,
    Pixels,
    WindowRequest,
    added,
)


@dataclass(frozen=True)
class Welcome:
    """The answer to hello."""

    TYPE: ClassVar[str] = "welcome"
    version: int
    server: Peer
    features: tuple[str, ...]
    limits: Limits
    operations: tuple[OperationInfo, ...]
    receive_window: int = RECEIVE_WINDOW


@dataclass(frozen=True)
class Problem:
    """Something went wrong that is no job's ending. After a fatal one the server closes the connection."""

    TYPE: ClassVar[str] = "error"
    error: ErrorInfo
    fatal: bool = False
    job: str | None = None
    request: int | None = None


@dataclass(frozen=True)
class Jobs:
    """The answer to list_jobs, oldest first."""

    TYPE: ClassVar[str] = "jobs"
    request: int
    jobs: tuple[JobSummary, ...]
    expired: tuple[ExpiredJob, ...] = added(())  # oldest first


@dataclass(frozen=True)
class Models:
    """The answer to list_models."""

    TYPE: ClassVar[str] = "models"
    request: int
    models: tuple[ModelInfo, ...]


# Events of a job. `seq` counts up by one from 1 within the job. Lasting events are kept until the job is acknowledged
# and are sent again on resume; fleeting ones are not (their numbers are then missing).


@dataclass(frozen=True)
class Accepted:
    """Lasting. The job is stored: it survives a disconnect and a restart of the server."""

    TYPE: ClassVar[str] = "accepted"
    job: str
    seq: int


@dataclass(frozen=True)
class Planned:
    """Lasting. What the result will be."""

    TYPE: ClassVar[str] = "plan"
    job: str
    seq: int
    frame: str  # "document": patches lie in the document; "new": they make up a new image
    extent: Extent  # of the frame: patch bounds are relative to its top left corner
    summary: str | Sentence  # one sentence for a person
    kind: str = added(PIXELS)  # of the result: "pixels", "selection", "report" or "files"
    seconds: float | None = added(None)  # about how long it takes once it runs, or takes at most; None: nobody knows
    is_measured: bool = added(default=False)  # `seconds` follow from jobs that this server did, else from a processor's


@dataclass(frozen=True)
class Windows:
    """Lasting. Parts of the document, or of the job's pictures, that the server wants; may come several times."""

    TYPE: ClassVar[str] = "windows"
    job: str
    seq: int
    requests: tuple[WindowRequest, ...]


@dataclass(frozen=True)
class Queued:
    """Fleeting. How many items run before this job's next one; 1 is next."""

    TYPE: ClassVar[str] = "queued"
    job: str
    seq: int
    position: int
    reason: str | Sentence = added("")  # what it waits for, where that is more than its turn


@dataclass(frozen=True)
class Started:
    """Fleeting. An item of the job runs."""

    TYPE: ClassVar[str] = "started"
    job: str
    seq: int
    item: str


@dataclass(frozen=True)
class Progress:
    """Fleeting. How far the whole job is."""

    TYPE: ClassVar[str] = "progress"
    job: str
    seq: int
    stage: str | Sentence  # a short phrase in English, such as "restoring"
    fraction: float  # of the whole job, 0 to 1
    step: int = 0  # of `steps`, within the running item; a diffusion step or a tile
    steps: int = 0
    seconds_left: float | None = None  # of the whole job; None while nothing is known


@dataclass(frozen=True)
class Note:
    """Lasting. A sentence about the job that its owner should see, such as a tile that had to shrink."""

    TYPE: ClassVar[str] = "note"
    job: str
    seq: int
    text: str | Sentence


@dataclass(frozen=True)
class Preview:
    """Fleeting. An unfinished picture of a part of the result: to look at, never to apply."""

    TYPE: ClassVar[str] = "preview"
    job: str
    seq: int
    bounds: Bounds  # in the plan's frame
    pixels: Pixels


@dataclass(frozen=True)
class Patch:
    """Lasting. A finished part of the result."""

    TYPE: ClassVar[str] = "patch"
    job: str
    seq: int
    item: str
    bounds: Bounds  # in the plan's frame
    pixels: Pixels  # in the document's format
    coverage: Pixels | None  # how much of the patch may be applied where; None means all of it, everywhere


@dataclass(frozen=True)
class SelectionPatch:
    """Lasting. A finished part of a result of kind "selection"; where no part lies, nothing is selected."""

    TYPE: ClassVar[str] = "selection"
    job: str
    seq: int
    item: str
    bounds: Bounds  # in the plan's frame
    coverage: Pixels  # one channel


@dataclass(frozen=True)
class Reported:
    """Lasting. What an item found out, of a result of kind "report"."""

    TYPE: ClassVar[str] = "report"
    job: str
    seq: int
    item: str
    data: JsonObject  # see PROTOCOL.md per operation
    drawing: Pixels | None = None  # a picture for a person, in sRGB


@dataclass(frozen=True)
class FileMade:
    """Lasting. A file of a result of kind "files"."""

    TYPE: ClassVar[str] = "file"
    job: str
    seq: int
    item: str
    name: str  # a file's name, unique within the job: no path
    media_type: str  # such as "text/csv"
    content: Blob


@dataclass(frozen=True)
class ItemEnded:
    """Lasting. One item of the job ended; all its parts of the result came before."""

    TYPE: ClassVar[str] = "item"
    job: str
    seq: int
    outcome: Outcome


@dataclass(frozen=True)
class Done:
    """Lasting, last. The job is done; single items may have failed, see the outcomes."""

    TYPE: ClassVar[str] = "done"
    job: str
    seq: int
    outcomes: tuple[Outcome, ...]
    recipe: JsonObject  # what makes the same result again, see PROTOCOL.md


@dataclass(frozen=True)
class Failed:
    """Lasting, last. The job failed; patches that came before are finished all the same."""

    TYPE: ClassVar[str] = "failed"
    job: str
    seq: int
    error: ErrorInfo
    outcomes: tuple[Outcome, ...] = ()
    recipe: JsonObject | None = added(None)  # of the finished part of a new image, which is kept until `ack`


@dataclass(frozen=True)
class Cancelled:
    """Lasting, last. The job was cancelled."""

    TYPE: ClassVar[str] = "cancelled"
    job: str
    seq: int
