"""What the values of a message must be beyond their types: ranges, and fields that must agree with each other.

One rule per class of protocol.py; :func:`broken_rule` returns a phrase that fits behind the value's path.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ..geometry import Bounds, Extent
from ..pixels import Channels, SampleType
from . import protocol as p

MAX_SIDE = (1 << 31) - 1  # pixels
MAX_BLOB_ID = (1 << 32) - 1  # a u32 in the chunk's header
MAX_NAME = 128  # characters of an id or a name
OUTCOME_STATUSES = ("done", "kept", "failed", "skipped")
JOB_STATES = ("waiting", "queued", "running", "done", "failed", "cancelled")
FRAMES = ("document", "new")

_NOT_FILE_NAMES = re.compile(r'[/\\:*?"<>|]|^[.~ -]|[. ]$')
_DEVICE_NAMES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[\d¹²³]|lpt[\d¹²³]) *(\.|$)", re.IGNORECASE)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_JOB_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_COVERAGE_TYPES = (SampleType.U8, SampleType.U16, SampleType.F32)

Rule = Callable[[Any], "str | None"]


def broken_rule(value: object) -> str | None:
    """Return what is wrong with a protocol value (not with those inside it), or None."""
    rule = _RULES.get(type(value))
    if rule and (reason := rule(value)):
        return reason
    return _broken_common_rule(value)


def is_job_id(text: str) -> bool:
    """Tell whether `text` is a UUID in its canonical form: lower case, with hyphens."""
    return _JOB_ID.fullmatch(text) is not None


def is_name(text: str) -> bool:
    """Tell whether `text` can be an id or a name: 1 to 128 printable characters."""
    return 1 <= len(text) <= MAX_NAME and text.isprintable()


def is_file_name(text: str) -> bool:
    """Tell whether `text` names a file on every system, in a folder that somebody else chose."""
    return is_name(text) and not _NOT_FILE_NAMES.search(text) and not is_device_name(text)


def is_device_name(text: str) -> bool:
    """Tell whether Windows takes a file's name for one of its devices, whatever follows its first dot: `nul.txt`."""
    return _DEVICE_NAMES.match(text) is not None


def _broken_common_rule(value: object) -> str | None:
    """Check the fields that mean the same in whatever message they stand."""
    job = getattr(value, "job", None)
    if isinstance(job, str) and not is_job_id(job):
        return "job must be a UUID such as 123e4567-e89b-12d3-a456-426614174000, in lower case"
    if getattr(value, "seq", 1) < (0 if isinstance(value, p.JobSummary) else 1):
        return "seq must count from 1"
    request = getattr(value, "request", None)
    if request is not None and request < 0:
        return "request must not be negative"
    extent = getattr(value, "extent", None)
    if isinstance(extent, Extent) and extent.is_empty and not isinstance(value, (Bounds, p.NamedPicture)):
        return "extent must be at least 1 pixel wide and high"
    return None


def _extent(value: Extent) -> str | None:
    # Whether it may be empty is for the value that has it to say: a picture's may, for the server to speak of.
    if not (0 <= value.width <= MAX_SIDE and 0 <= value.height <= MAX_SIDE):
        return f"must be 0 to {MAX_SIDE} pixels wide and high"
    return None


def _bounds(value: Bounds) -> str | None:
    # Empty bounds are well formed: whether a region makes sense is for the server to say, to a person.
    if not (0 <= value.width <= MAX_SIDE and 0 <= value.height <= MAX_SIDE):
        return f"must be 0 to {MAX_SIDE} pixels wide and high"
    return None


def _blob(value: p.Blob) -> str | None:
    if not 1 <= value.id <= MAX_BLOB_ID:
        return f"id must be 1 to {MAX_BLOB_ID}"
    if value.size < 0:
        return "size must not be negative"
    if not _SHA256.fullmatch(value.sha256):
        return "sha256 must be 64 lower-case hexadecimal digits"
    return None


def _pixels(value: p.Pixels) -> str | None:
    expected = value.format.size(value.extent)
    if value.blob.size != expected:
        return f"blob.size must be {expected} bytes, as extent and format say, not {value.blob.size}"
    return None


def _profile(value: p.Profile) -> str | None:
    if (value.space is None) == (value.icc is None):
        return "exactly one of space and icc must be set"
    if value.space is not None and not is_name(value.space):
        return "space must be a short printable name"
    if value.icc is not None and value.icc.size == 0:
        return "icc must not be empty"
    return None


def _named_picture(value: p.NamedPicture | p.PictureHash) -> str | None:
    if not is_name(value.name):
        return "name must be a short printable string"
    return None if _SHA256.fullmatch(value.sha256) else "sha256 must be 64 lower-case hexadecimal digits"


def _coverage_plane(coverage: p.Pixels) -> str | None:
    if coverage.format.channels is not Channels.Y or coverage.format.dtype not in _COVERAGE_TYPES:
        return "coverage must have one channel (Y) of u8, u16 or f32"
    return None


def _coverage(coverage: p.Pixels | None, pixels: p.Pixels) -> str | None:
    if coverage is None:
        return None
    if reason := _coverage_plane(coverage):
        return reason
    if coverage.extent != pixels.extent:
        return "coverage must have the same extent as pixels"
    return None


def _window_request(value: p.WindowRequest) -> str | None:
    if not is_name(value.id):
        return "id must be a short printable string"
    if not is_name(value.source):
        return "source must be a short printable string"
    if value.bounds.is_empty:
        return "bounds must not be empty"
    if value.extent.width > value.bounds.width or value.extent.height > value.bounds.height:
        return "extent must not be larger than bounds"
    return None


def _outcome(value: p.Outcome) -> str | None:
    if not is_name(value.item):
        return "item must be a short printable string"
    if value.status not in OUTCOME_STATUSES:
        return f"status must be one of {', '.join(OUTCOME_STATUSES)}"
    return None


def _peer(value: p.Peer) -> str | None:
    return None if is_name(value.name) and is_name(value.version) else "name and version must be short and printable"


def _limits(value: p.Limits) -> str | None:
    return None if min(vars(value).values()) >= 1 else "all limits must be positive"


def _operation_info(value: p.OperationInfo) -> str | None:
    return None if is_name(value.name) else "name must be a short printable string"


def _model_info(value: p.ModelInfo) -> str | None:
    if not is_name(value.name):
        return "name must be a short printable string"
    if not is_name(value.kind):
        return "kind must be a short printable string"
    if not all(is_name(family) for family in (*value.fits, *([value.family] if value.family else []))):
        return "family and fits must be short printable strings"
    return None if value.scale >= 1 else "scale must be at least 1"


def _expired_job(value: p.ExpiredJob) -> str | None:
    return None if value.created >= 0 else "created must not be negative"


def _job_summary(value: p.JobSummary) -> str | None:
    if value.state not in JOB_STATES:
        return f"state must be one of {', '.join(JOB_STATES)}"
    if value.position is not None and value.position < 1:
        return "position must be at least 1"
    if value.fraction is not None and not 0 <= value.fraction <= 1:
        return "fraction must be 0 to 1"
    if value.seconds_left is not None and value.seconds_left < 0:
        return "seconds_left must not be negative"
    return None if value.created >= 0 else "created must not be negative"


def _hello(value: p.Hello) -> str | None:
    if not value.versions or min(value.versions) < 1:
        return "versions must name at least one version, counted from 1"
    if not is_name(value.client_id):
        return "client_id must be a short printable string"
    return _greeting(value)


def _welcome(value: p.Welcome) -> str | None:
    return "version must be at least 1" if value.version < 1 else _greeting(value)


def _greeting(value: p.Hello | p.Welcome) -> str | None:
    if not all(is_name(feature) for feature in value.features):
        return "features must be short printable strings"
    return None if value.receive_window >= 1 else "receive_window must be at least 1 byte"


def _submit(value: p.Submit) -> str | None:
    return None if is_name(value.operation) else "operation must be a short printable string"


def _window(value: p.Window) -> str | None:
    if not is_name(value.window):
        return "window must be a short printable string"
    return _coverage(value.coverage, value.pixels)


def _resume(value: p.Resume) -> str | None:
    return None if value.since >= 0 else "since must not be negative"


def _credit(value: p.Credit) -> str | None:
    return None if value.bytes >= 1 else "bytes must be at least 1"


def _planned(value: p.Planned) -> str | None:
    if value.frame not in FRAMES:
        return f"frame must be one of {', '.join(FRAMES)}"
    if value.seconds is not None and value.seconds < 0:
        return "seconds must not be negative"
    return None if is_name(value.kind) else "kind must be a short printable string"


def _queued(value: p.Queued) -> str | None:
    return None if value.position >= 1 else "position must be at least 1"


def _started(value: p.Started) -> str | None:
    return None if is_name(value.item) else "item must be a short printable string"


def _progress(value: p.Progress) -> str | None:
    if not 0 <= value.fraction <= 1:
        return "fraction must be 0 to 1"
    if value.step < 0 or value.steps < 0:
        return "step and steps must not be negative"
    if value.seconds_left is not None and value.seconds_left < 0:
        return "seconds_left must not be negative"
    return None


def _preview(value: p.Preview) -> str | None:
    return "bounds must not be empty" if value.bounds.is_empty else None


def _patch(value: p.Patch) -> str | None:
    if not is_name(value.item):
        return "item must be a short printable string"
    if value.pixels.extent != value.bounds.extent:
        return "pixels must have the extent of bounds"
    return _coverage(value.coverage, value.pixels)


def _selection_patch(value: p.SelectionPatch) -> str | None:
    if not is_name(value.item):
        return "item must be a short printable string"
    if value.coverage.extent != value.bounds.extent:
        return "coverage must have the extent of bounds"
    return _coverage_plane(value.coverage)


def _reported(value: p.Reported) -> str | None:
    return None if is_name(value.item) else "item must be a short printable string"


def _file_made(value: p.FileMade) -> str | None:
    if not is_name(value.item):
        return "item must be a short printable string"
    if not is_file_name(value.name):
        return "name must be that of a file, without a path"
    return None if is_name(value.media_type) else "media_type must be a short printable string"


_RULES: dict[type, Rule] = {
    Extent: _extent,
    Bounds: _bounds,
    p.Blob: _blob,
    p.Pixels: _pixels,
    p.Profile: _profile,
    p.NamedPicture: _named_picture,
    p.PictureHash: _named_picture,
    p.WindowRequest: _window_request,
    p.Outcome: _outcome,
    p.Peer: _peer,
    p.Limits: _limits,
    p.OperationInfo: _operation_info,
    p.ModelInfo: _model_info,
    p.ExpiredJob: _expired_job,
    p.JobSummary: _job_summary,
    p.Hello: _hello,
    p.Welcome: _welcome,
    p.Submit: _submit,
    p.Window: _window,
    p.Resume: _resume,
    p.Credit: _credit,
    p.Planned: _planned,
    p.Queued: _queued,
    p.Started: _started,
    p.Progress: _progress,
    p.Preview: _preview,
    p.Patch: _patch,
    p.SelectionPatch: _selection_patch,
    p.Reported: _reported,
    p.FileMade: _file_made,
}
