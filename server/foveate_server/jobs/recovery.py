"""Jobs out of the spool after a start of the server."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from foveate_server.jobs.job import Job
from foveate_server.jobs.job_request import request_of
from foveate_server.jobs.result_parts import Told, key_of
from foveate_server.spool.store import StoredJob
from foveate_shared.wire.codec import decode
from foveate_shared.wire.protocol import DOCUMENT, RESULT_EVENTS, Submit

# Fleeting events count too and are not stored, so a client may have seen larger numbers than the spool has. Numbers
# that jump at each start are larger than any of them.
SEQ_JUMP = 1 << 20


def restore(stored: StoredJob, clock: Callable[[], float], safety: str) -> Job:
    """Return the job, ready to go on: items that ran when the server died are simply open.

    `safety` is the owner's setting of today.
    """
    row = stored.row
    submit = cast("Submit", decode(row.submit, (Submit,)))
    profiles = {**row.picture_profiles, **({DOCUMENT: row.icc} if row.icc else {})}
    request = request_of(submit, profiles, row.parameters, row.model, safety)
    job = Job(row, submit, request, clock)
    job.seq += SEQ_JUMP
    job.add_items(stored.items)
    job.windows = {window.id: window for window in stored.windows}
    for event in stored.result:
        part = cast("Told", decode(event.text, RESULT_EVENTS))
        if part.item in job.items:
            job.items[part.item].kept.add(key_of(part))
    return job
