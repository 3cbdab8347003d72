"""The messages of the wire, their limits and the protocol's version: the only place that names them.

`shared/PROTOCOL.md` is normative; this module is its image in Python. A message is a frozen dataclass; its `TYPE` is
the value of `"type"` on the wire. :mod:`foveate_shared.wire.codec` turns messages into frames and back.

A field `str | Sentence` is a finished English text for a person; what it was made of travels beside it, see
PROTOCOL.md, "Sentences".

A message may declare blobs (:class:`Blob`): their bytes follow in binary chunks, and the receiving side delivers the
message when all of them are complete.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Union

from ..errors import ErrorInfo
from ..geometry import Bounds, Extent
from ..i18n.sentence import Sentence
from ..pixels import PixelFormat

PROTOCOL_VERSION = 2
SUPPORTED_VERSIONS = (1, 2)
PATH = "/v1/socket"
SUBPROTOCOL = "foveate.v1"

MAX_CHUNK_BYTES = 1 << 20  # payload of one binary frame: what a control message may have to wait behind
MAX_MESSAGE_BYTES = 1 << 20  # one control frame; pixels and profiles travel as blobs
MAX_BLOB_BYTES = 1 << 30
RECEIVE_WINDOW = 8 << 20  # bytes of chunks that may be under way before the receiver has granted more
MAX_NESTING = 16  # of JSON values
MAX_LIST = 65_536  # entries of any list or object in a control frame
MAX_TEXT = 65_536  # characters of any string in a control frame
MAX_PICTURES = 256  # beside the document of one job

DOCUMENT = "document"  # the source of windows that show the document; a picture goes by its own name
PIXELS, SELECTION, REPORT, FILES = "pixels", "selection", "report", "files"  # what a result can be
RESULT_KINDS = (PIXELS, SELECTION, REPORT, FILES)
RESTORE, DETECT, DIFFUSION = "restore", "detect", "diffusion"  # kinds of models that do something by themselves
RENDERING_KINDS = (RESTORE, DIFFUSION)  # of models that a job can be given to; DIFFUSION is what is asked with a prompt

# What JSON can carry. `parameters`, `recipe` and `data` hold it; everything else on the wire has a declared shape.
Json = Union[None, bool, int, float, str, "list[Json]", "dict[str, Json]"]
JsonObject = dict[str, Json]


def as_object(value: Any) -> JsonObject:
    """Return `value` where it is an object, else an empty one: what is missing and what is misshapen say as little."""
    return value if isinstance(value, dict) else {}


def _added(default: Any) -> Any:
    """Return a field that version 2 added: where it holds `default` it is left out, as version 1 had it."""
    return field(default=default, metadata={"since": 2})


# --- values ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Blob:
    """Bytes that follow in chunks. `id` is minted by the sender, counting up, once per connection and direction."""

    id: int
    size: int  # bytes
    sha256: str  # 64 lower-case hexadecimal digits


@dataclass(frozen=True)
class Pixels:
    """A tightly packed image in a blob."""

    extent: Extent
    format: PixelFormat
    blob: Blob


@dataclass(frozen=True)
class Profile:
    """What the colour samples mean: an ICC profile, or one of the named spaces of PROTOCOL.md. Exactly one is set."""

    space: str | None = None
    icc: Blob | None = None


@dataclass(frozen=True)
class Document:
    """The document that a job works on, as the client froze it."""

    extent: Extent
    format: PixelFormat
    profile: Profile


@dataclass(frozen=True)
class NamedPicture:
    """A further picture that a job works with, as the client froze it."""

    name: str  # that of the operation's slot, such as "control"; counted where it takes several: "reference-1"
    extent: Extent  # may be empty on the wire: it is for the server to say, to a person, that it must not
    format: PixelFormat
    profile: Profile
    sha256: str  # of its pixels at their own size, followed by its coverage where it has one
    has_coverage: bool = False  # the client sends a coverage plane with each window that wants one


@dataclass(frozen=True)
class Selection:
    """The selected region. Coverage, where it is not full, travels with the windows."""

    bounds: Bounds  # document pixels, not empty, within the document
    has_coverage: bool = False  # the client sends a coverage plane with each window that wants one


@dataclass(frozen=True)
class WindowRequest:
    """A part of the document, or of another picture of the job, that the server wants to see."""

    id: str  # unique within the job
    bounds: Bounds  # pixels of the source, within it
    extent: Extent  # the size that suffices; a client may send any size from this one up to the bounds' own
    coverage: bool = False  # the coverage of the same bounds is wanted as well: the selection's, or the picture's own
    source: str = _added(DOCUMENT)  # "document", or the name of one of the job's pictures


@dataclass(frozen=True)
class Outcome:
    """How one item of a job ended."""

    item: str  # unique within the job, in the order of planning
    status: str  # "done", "kept" (looked at, left as it was, see message), "failed" or "skipped"
    message: str | Sentence = ""  # one sentence for a person; may be empty where status is "done"
    data: JsonObject = field(default_factory=dict)  # what the operation found, see PROTOCOL.md per operation


@dataclass(frozen=True)
class Peer:
    """A program and its version, for logs and for the sentence of a version mismatch."""

    name: str
    version: str


@dataclass(frozen=True)
class Limits:
    """What the server accepts on this connection."""

    max_message_bytes: int = MAX_MESSAGE_BYTES
    max_chunk_bytes: int = MAX_CHUNK_BYTES
    max_blob_bytes: int = MAX_BLOB_BYTES
    max_document_pixels: int = 1 << 34
    max_open_jobs: int = 64


@dataclass(frozen=True)
class OperationInfo:
    """An operation that the server offers.

    `parameters` is a JSON Schema of its parameters object; for its annotations see PROTOCOL.md, "Operations".
    """

    name: str
    title: str
    parameters: JsonObject

    @property
    def properties(self) -> JsonObject:
        """Return the schemas of its parameters by their names, in the order in which a form shows them."""
        return as_object(self.parameters.get("properties"))


@dataclass(frozen=True)
class ModelInfo:
    """A model that an operation can be asked to use, or that can be added to one."""

    name: str
    title: str
    operations: tuple[str, ...]
    scale: int  # of its output, 1 where it keeps the size
    available: bool  # its weights are at hand; else they are fetched at first use
    license: str = ""
    kind: str = RESTORE  # or "detect", "diffusion" (a checkpoint), "lora", "embedding", "vae", "preview", "safety"
    family: str = ""  # of a checkpoint and of what is added to one, such as "sdxl"; empty where there is none
    fits: tuple[str, ...] = ()  # families of the checkpoints that a LoRA, an embedding or a VAE can be added to
    defaults: JsonObject = field(default_factory=dict)  # see PROTOCOL.md, "Models"


@dataclass(frozen=True)
class JobSummary:
    """A job of the asking client."""

    job: str
    operation: str
    state: str  # "waiting", "queued", "running", "done", "failed" or "cancelled"
    position: int | None  # 1 is next; only where state is "queued"
    created: float  # seconds since the epoch
    seq: int  # of its newest event


# --- client to server ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Hello:
    """The first message on a connection."""

    TYPE: ClassVar[str] = "hello"
    versions: tuple[int, ...]
    client: Peer
    client_id: str  # chosen once per installation; with the token's name it is the owner of jobs
    features: tuple[str, ...] = ()
    receive_window: int = RECEIVE_WINDOW


@dataclass(frozen=True)
class Submit:
    """A new job. Sending it again with the same content changes nothing."""

    TYPE: ClassVar[str] = "submit"
    job: str  # minted by the client: a UUID in its canonical text form
    operation: str
    document: Document | None  # None where the operation takes none
    selection: Selection | None  # None means the whole document
    parameters: JsonObject = field(default_factory=dict)
    priority: int = 0  # among the client's own jobs; larger is sooner
    pictures: tuple[NamedPicture, ...] = _added(())  # beside the document, at most MAX_PICTURES


@dataclass(frozen=True)
class Window:
    """The answer to one :class:`WindowRequest`."""

    TYPE: ClassVar[str] = "window"
    job: str
    window: str
    pixels: Pixels
    coverage: Pixels | None = None  # one channel, same extent as pixels


@dataclass(frozen=True)
class Cancel:
    """The job shall end now. It ends as cancelled, unless it has ended already."""

    TYPE: ClassVar[str] = "cancel"
    job: str


@dataclass(frozen=True)
class Resume:
    """Send the job's lasting events after number `since` again, and then what comes."""

    TYPE: ClassVar[str] = "resume"
    job: str
    since: int = 0


@dataclass(frozen=True)
class Ack:
    """The client has all that it wants of an ended job; the server forgets it."""

    TYPE: ClassVar[str] = "ack"
    job: str


@dataclass(frozen=True)
class ListJobs:
    """Ask for this owner's jobs. `request` is echoed."""

    TYPE: ClassVar[str] = "list_jobs"
    request: int


@dataclass(frozen=True)
class ListModels:
    """Ask for the models. `request` is echoed."""

    TYPE: ClassVar[str] = "list_models"
    request: int


# --- both ways -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Credit:
    """The sender of this has consumed chunks: so many more bytes of chunks may be sent to it."""

    TYPE: ClassVar[str] = "credit"
    bytes: int


# --- server to client ------------------------------------------------------------------------------------------------


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
    kind: str = _added(PIXELS)  # of the result: "pixels", "selection", "report" or "files"


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


@dataclass(frozen=True)
class Cancelled:
    """Lasting, last. The job was cancelled."""

    TYPE: ClassVar[str] = "cancelled"
    job: str
    seq: int


ClientMessage = Hello | Submit | Window | Cancel | Resume | Ack | ListJobs | ListModels | Credit
JobEvent = (
    Accepted
    | Planned
    | Windows
    | Queued
    | Started
    | Progress
    | Note
    | Preview
    | Patch
    | SelectionPatch
    | Reported
    | FileMade
    | ItemEnded
    | Done
    | Failed
    | Cancelled
)
ServerMessage = Welcome | Problem | Jobs | Models | Credit | JobEvent
Message = ClientMessage | ServerMessage

CLIENT_MESSAGES = (Hello, Submit, Window, Cancel, Resume, Ack, ListJobs, ListModels, Credit)
FINAL_EVENTS = (Done, Failed, Cancelled)
RESULT_EVENTS = (Patch, SelectionPatch, Reported, FileMade)
FLEETING_EVENTS = (Queued, Started, Progress, Preview)
LASTING_EVENTS = (Accepted, Planned, Windows, Note, *RESULT_EVENTS, ItemEnded, *FINAL_EVENTS)
SERVER_MESSAGES = (Welcome, Problem, Jobs, Models, Credit, *LASTING_EVENTS, *FLEETING_EVENTS)
