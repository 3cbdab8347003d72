"""The parts of a result on their way from a worker to the owner: named, checked, and told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from foveate_server.jobs.job import Job, WorkItem
from foveate_server.spool.job_files import KeptFile
from foveate_server.tasks.item_task import TaskFile, TaskPart, TaskPatch, TaskReport, TaskSelection
from foveate_shared.errors import ServerError
from foveate_shared.pixels import Channels, PixelFormat, SampleType
from foveate_shared.wire.protocol import (
    FILES,
    PIXELS,
    REPORT,
    SELECTION,
    Blob,
    FileMade,
    Patch,
    Pixels,
    Reported,
    SelectionPatch,
)

DRAWING = PixelFormat(SampleType.U8, Channels.RGB)
_KINDS = {TaskPatch: PIXELS, TaskSelection: SELECTION, TaskReport: REPORT, TaskFile: FILES}

Told = Patch | SelectionPatch | Reported | FileMade


def key_of(part: TaskPart | Told) -> str:
    """Return what tells a part from the others of its item: a run that is repeated does not send it again."""
    if isinstance(part, (TaskReport, Reported)):
        return "report"
    if isinstance(part, (TaskFile, FileMade)):
        return part.name
    bounds = part.bounds
    return f"{bounds.x},{bounds.y},{bounds.width},{bounds.height}"


def check_part(part: TaskPart, job: Job, work: WorkItem) -> None:
    """Raise ServerError where an operation gives what it did not plan."""
    if job.row.plan.kind != _KINDS[type(part)]:
        raise ServerError("The operation made another kind of result than it planned.", remedy="Please report this.")
    if isinstance(part, (TaskPatch, TaskSelection)) and not job.row.plan.extent.bounds.contains(part.bounds):
        raise ServerError("The operation made a patch outside its frame.", remedy="Please report this.")
    if isinstance(part, TaskFile) and any(part.name in other.kept for other in job.items.values() if other is not work):
        raise ServerError("The operation made two files named {name}.", remedy="Please report this.", name=part.name)


def event_of(part: TaskPart, files: Sequence[KeptFile], document: PixelFormat) -> tuple[type[Any], dict[str, Any]]:
    """Return the class and the own fields of the event that tells of a part; patches are in the document's format."""
    blobs = [Blob(number, file.size, file.sha256) for number, file in enumerate(files, 1)]
    if isinstance(part, TaskPatch):
        extent = part.bounds.extent
        coverage = Pixels(extent, part.coverage_format, blobs[1]) if part.coverage_format else None
        return Patch, {"bounds": part.bounds, "pixels": Pixels(extent, document, blobs[0]), "coverage": coverage}
    if isinstance(part, TaskSelection):
        coverage = Pixels(part.bounds.extent, part.coverage_format, blobs[0])
        return SelectionPatch, {"bounds": part.bounds, "coverage": coverage}
    if isinstance(part, TaskReport):
        drawing = Pixels(part.extent, DRAWING, blobs[0]) if part.extent else None
        return Reported, {"data": part.data, "drawing": drawing}
    return FileMade, {"name": part.name, "media_type": part.media_type, "content": blobs[0]}
