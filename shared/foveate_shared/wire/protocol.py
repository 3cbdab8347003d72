"""The protocol in one place to import: its version, which messages there are, and all that they are made of.

`shared/PROTOCOL.md` is normative; these modules are its image in Python. A message is a frozen dataclass; its `TYPE` is
the value of `"type"` on the wire. :mod:`foveate_shared.wire.codec` turns messages into frames and back.

A field `str | Sentence` is a finished English text for a person; what it was made of travels beside it, see
PROTOCOL.md, "Sentences".

A message may declare blobs (:class:`Blob`): their bytes follow in binary chunks, and the receiving side delivers the
message when all of them are complete.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .client_messages import Ack, Cancel, Hello, ListJobs, ListModels, Resume, Submit, Window
from .json_values import Json, JsonObject, as_object
from .limits import (
    MAX_BLOB_BYTES,
    MAX_CHUNK_BYTES,
    MAX_LIST,
    MAX_MESSAGE_BYTES,
    MAX_NESTING,
    MAX_PICTURES,
    MAX_TEXT,
    RECEIVE_WINDOW,
)
from .server_messages import (
    Accepted,
    Cancelled,
    Done,
    Failed,
    FileMade,
    ItemEnded,
    Jobs,
    Models,
    Note,
    Patch,
    Planned,
    Preview,
    Problem,
    Progress,
    Queued,
    Reported,
    SelectionPatch,
    Started,
    Welcome,
    Windows,
)
from .values import (
    DETECT,
    DIFFUSION,
    DOCUMENT,
    FILES,
    PIXELS,
    RENDERING_KINDS,
    REPORT,
    RESTORE,
    RESULT_KINDS,
    SELECTION,
    Blob,
    Document,
    ExpiredJob,
    JobSummary,
    Limits,
    ModelInfo,
    NamedPicture,
    OperationInfo,
    Outcome,
    Peer,
    PictureHash,
    Pixels,
    Profile,
    Selection,
    WindowRequest,
)

PROTOCOL_VERSION = 2
SUPPORTED_VERSIONS = (1, 2)
PATH = "/v1/socket"
SUBPROTOCOL = "foveate.v1"


@dataclass(frozen=True)
class Credit:
    """The sender of this has consumed chunks: so many more bytes of chunks may be sent to it."""

    TYPE: ClassVar[str] = "credit"
    bytes: int


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

__all__ = [
    "CLIENT_MESSAGES",
    "DETECT",
    "DIFFUSION",
    "DOCUMENT",
    "FILES",
    "FINAL_EVENTS",
    "FLEETING_EVENTS",
    "LASTING_EVENTS",
    "MAX_BLOB_BYTES",
    "MAX_CHUNK_BYTES",
    "MAX_LIST",
    "MAX_MESSAGE_BYTES",
    "MAX_NESTING",
    "MAX_PICTURES",
    "MAX_TEXT",
    "PATH",
    "PIXELS",
    "PROTOCOL_VERSION",
    "RECEIVE_WINDOW",
    "RENDERING_KINDS",
    "REPORT",
    "RESTORE",
    "RESULT_EVENTS",
    "RESULT_KINDS",
    "SELECTION",
    "SERVER_MESSAGES",
    "SUBPROTOCOL",
    "SUPPORTED_VERSIONS",
    "Accepted",
    "Ack",
    "Blob",
    "Cancel",
    "Cancelled",
    "ClientMessage",
    "Credit",
    "Document",
    "Done",
    "ExpiredJob",
    "Failed",
    "FileMade",
    "Hello",
    "ItemEnded",
    "JobEvent",
    "JobSummary",
    "Jobs",
    "Json",
    "JsonObject",
    "Limits",
    "ListJobs",
    "ListModels",
    "Message",
    "ModelInfo",
    "Models",
    "NamedPicture",
    "Note",
    "OperationInfo",
    "Outcome",
    "Patch",
    "Peer",
    "PictureHash",
    "Pixels",
    "Planned",
    "Preview",
    "Problem",
    "Profile",
    "Progress",
    "Queued",
    "Reported",
    "Resume",
    "Selection",
    "SelectionPatch",
    "ServerMessage",
    "Started",
    "Submit",
    "Welcome",
    "Window",
    "WindowRequest",
    "Windows",
    "as_object",
]
