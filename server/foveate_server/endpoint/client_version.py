"""What a connection's version of the protocol lets through: what an older client cannot take is kept from it."""

from __future__ import annotations

from foveate_server.jobs.job import Job
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.forms.picture_slots import picture_slots, result_kind, takes_document
from foveate_shared.i18n.sentence import Sentence
from foveate_shared.wire.protocol import PIXELS, JsonObject, Submit

_FIRST, _WITH_PICTURES = 1, 2


def needed_by_operation(schema: JsonObject) -> int:
    """Return the version that a client must speak to use an operation."""
    needs_pictures = any(slot.least for slot in picture_slots(schema))
    plain = takes_document(schema) and not needs_pictures and result_kind(schema) == PIXELS
    return _FIRST if plain else _WITH_PICTURES


def needed_by_submit(submit: Submit) -> int:
    """Return the version that says what `submit` says."""
    return _WITH_PICTURES if submit.pictures or submit.document is None else _FIRST


def needed_by_job(job: Job) -> int:
    """Return the version that a client must speak to follow a job."""
    return _WITH_PICTURES if job.row.plan.kind != PIXELS else needed_by_submit(job.submit)


def too_old(what: str) -> InputError:
    """Return the error of a client that wants what its version cannot say."""
    return InputError(
        "{what} needs a newer version of the protocol than this program speaks.",
        code=ErrorCode.VERSION_MISMATCH,
        remedy="Update the program.",
        what=Sentence(what),
    )
