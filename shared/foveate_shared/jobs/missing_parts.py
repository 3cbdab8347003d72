"""A new image of which parts are missing: nobody writes one without having been told to."""

from __future__ import annotations

from dataclasses import replace

from ..errors import ErrorCode, ErrorInfo, ServerError
from ..geometry import missing_rows
from ..i18n.sentence import Sentence, joined
from ..wire.protocol import PIXELS
from .host import Result


def rows_missing_in(result: Result) -> list[tuple[int, int]]:
    """Return the rows of a new image that have no pixels, each run as its first row and the first one after it.

    A result within a document misses none: where no patch lies, the document stays as it is.
    """
    if result.frame != "new" or result.kind != PIXELS:
        return []
    return missing_rows(result.extent, [patch.bounds for patch in result.patches])


def require_whole(result: Result) -> None:
    """Raise ServerError where rows of a new image are missing."""
    missing = rows_missing_in(result)
    if missing:
        raise ServerError(
            "The new image is not whole: {rows}.",
            code=ErrorCode.WORKER_CRASHED,
            remedy="Run the job again.",
            rows=rows_in_words(missing, result.extent.height),
        )


def rows_in_words(missing: list[tuple[int, int]], height: int) -> Sentence:
    """Return which rows of `height` are missing, counted from 0."""
    runs = ", ".join(f"{top}-{bottom - 1}" for top, bottom in missing)
    return Sentence("rows {runs} of {height} are missing", runs=runs, height=height)


def with_command(error: ErrorInfo, job: str, owner: str = "") -> ErrorInfo:
    """Return the error of a job whose rest can be made, with the command for it: for where there is no button.

    `owner` are arguments, such as " --as gimp": whose job it is, where that is not the command line's own.
    """
    more = Sentence("`{command}` makes the rest.", command=f"foveate jobs resume {job} IN OUT{owner}")
    return replace(error, remedy=joined(error.remedy, more))
