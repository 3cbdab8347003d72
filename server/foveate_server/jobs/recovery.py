"""Jobs out of the spool after a start of the server."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from foveate_server.jobs.job import Job
from foveate_server.operations.contract import JobRequest
from foveate_server.spool.store import StoredJob
from foveate_shared.wire.codec import decode
from foveate_shared.wire.protocol import Patch, Submit

# Fleeting events count too and are not stored, so a client may have seen larger numbers than the spool has. Numbers
# that jump at each start are larger than any of them.
SEQ_JUMP = 1 << 20


def restore(stored: StoredJob, clock: Callable[[], float], safety: str) -> Job:
    """Return the job, ready to go on: items that ran when the server died are simply open.

    `safety` is the owner's setting of today.
    """
    row = stored.row
    submit = cast("Submit", decode(row.submit, (Submit,)))
    document = submit.document
    if document is None:
        raise ValueError("a job without a document was stored")
    request = JobRequest(
        operation=submit.operation,
        parameters=row.parameters,
        extent=document.extent,
        format=document.format,
        space=document.profile.space,
        icc=row.icc,
        selection=submit.selection,
        model=row.model,
        safety=safety,
    )
    job = Job(row, submit, request, clock)
    job.seq += SEQ_JUMP
    job.add_items(stored.items)
    job.windows = {window.id: window for window in stored.windows}
    for event in stored.patches:
        patch = cast("Patch", decode(event.text, (Patch,)))
        if patch.item in job.items:
            job.items[patch.item].patches.add(patch.bounds)
    return job
