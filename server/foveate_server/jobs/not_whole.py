"""Why a new image with a failed part is no result: it would have a hole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from foveate_shared.errors import ErrorInfo, ServerError
from foveate_shared.i18n.sentence import Sentence


def not_whole(errors: Sequence[ErrorInfo], parts: int) -> ErrorInfo:
    """Return the error of a new image of so many `parts`, of which some failed with `errors`."""
    first = errors[0]
    error = ServerError(
        Sentence(
            "{count} of {parts} parts of the new image failed: {reason}",
            one="1 of {parts} parts of the new image failed: {reason}",
            count=len(errors),
            parts=parts,
            reason=first.message,
        ),
        code=first.code,
        remedy="The finished parts are kept: make the rest.",
    )
    return replace(error.info, fault=first.fault)
