"""What a client says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from .json_values import JsonObject
from .limits import RECEIVE_WINDOW
from .values import Document, NamedPicture, Peer, Pixels, Selection, added


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
    pictures: tuple[NamedPicture, ...] = added(())  # beside the document, at most MAX_PICTURES


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
    retry: bool = added(default=False)  # what failed of a new image shall be tried again


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
