"""The values that messages are made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..geometry import Bounds, Extent
from ..i18n.sentence import Sentence
from ..pixels import PixelFormat
from .json_values import JsonObject, as_object
from .limits import MAX_BLOB_BYTES, MAX_CHUNK_BYTES, MAX_MESSAGE_BYTES

DOCUMENT = "document"  # the source of windows that show the document; a picture goes by its own name
PIXELS, SELECTION, REPORT, FILES = "pixels", "selection", "report", "files"  # what a result can be
RESULT_KINDS = (PIXELS, SELECTION, REPORT, FILES)
RESTORE, DETECT, DIFFUSION = "restore", "detect", "diffusion"  # kinds of models that do something by themselves
RENDERING_KINDS = (RESTORE, DIFFUSION)  # of models that a job can be given to; DIFFUSION is what is asked with a prompt


def added(default: Any) -> Any:
    """Return a field that version 2 added: where it holds `default` it is left out, as version 1 had it."""
    return field(default=default, metadata={"since": 2})


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
    source: str = added(DOCUMENT)  # "document", or the name of one of the job's pictures


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
class PictureHash:
    """By what one of a job's further pictures is known again."""

    name: str
    sha256: str  # as the job was submitted with it, see :class:`NamedPicture`


@dataclass(frozen=True)
class ExpiredJob:
    """A job of the asking client that went without its word: it was kept for the longest time, or room was needed."""

    job: str
    operation: str
    created: float  # seconds since the epoch


@dataclass(frozen=True)
class JobSummary:
    """A job of the asking client."""

    job: str
    operation: str
    state: str  # "waiting", "queued", "running", "done", "failed" or "cancelled"
    position: int | None  # 1 is next; only where state is "queued"
    created: float  # seconds since the epoch
    seq: int  # of its newest event
    pictures: tuple[PictureHash, ...] = added(())  # beside its document
    fraction: float | None = added(None)  # of the whole job, 0 to 1; only where state is "running"
    seconds_left: float | None = added(None)  # likewise, once that is known
