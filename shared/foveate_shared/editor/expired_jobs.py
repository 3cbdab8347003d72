"""Jobs that went at the server before anybody took their results: each is told of once, also over restarts."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..connection.private_files import write_private
from ..errors import ErrorCode, ErrorInfo, Fault, ResourceError
from ..i18n.sentence import Sentence, joined
from ..i18n.translations import Texts
from ..wire.protocol import ExpiredJob, OperationInfo
from .faces import SURVEY

FILE_NAME = "told-expired.json"  # beside the settings: a list of ids
_REMEMBERED = 2000  # ids: a server lists half as many


class ExpiredJobs:
    """Which of them were told of. Where the file cannot be written, that is known as long as the editor runs."""

    def __init__(self, settings_path: Path) -> None:
        self._path = settings_path.with_name(FILE_NAME)
        self._told = dict.fromkeys(_read(self._path))  # ids, in the order in which they were told of
        self._listed: Sequence[ExpiredJob] = ()  # last

    def news(self, listed: Sequence[ExpiredJob]) -> tuple[ExpiredJob, ...]:
        """Take what the server lists; return what was not told of before. A look for faces is not worth a word."""
        if listed is self._listed:
            return ()
        self._listed = listed
        new = tuple(job for job in listed if job.job not in self._told and job.operation != SURVEY)
        if new:
            self._told = dict.fromkeys([*self._told, *(job.job for job in new)][-_REMEMBERED:])
            with contextlib.suppress(ResourceError):
                write_private(self._path, json.dumps(list(self._told)))
        return new


def told(jobs: Sequence[ExpiredJob], operations: Sequence[OperationInfo], say: Texts) -> ErrorInfo:
    """Return what a person is told of them: what they were, by their operations' titles."""
    titles = {each.name: each.title for each in operations}
    names = dict.fromkeys(say(titles.get(job.operation, job.operation)) for job in jobs)
    message = Sentence(
        "{count} jobs have expired at the server, since nobody took their results: {names}.",
        one="1 job has expired at the server, since nobody took its result: {names}.",
        count=len(jobs),
        names=", ".join(names),
    )
    remedy = Sentence("Run again what you still want.")
    return ErrorInfo(ErrorCode.EXPIRED, message, remedy, Fault.USER)


def beside(warning: ErrorInfo | None, told: ErrorInfo | None) -> ErrorInfo | None:
    """Return what is shown where both a warning and what was told of expired jobs may stand: a line for each."""
    if warning is None or told is None:
        return warning or told
    return replace(told, code=warning.code, message=joined(str(warning), told.message, between="\n"))


def _read(path: Path) -> list[str]:
    try:
        ids = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return [each for each in ids if isinstance(each, str)] if isinstance(ids, list) else []
