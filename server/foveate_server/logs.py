"""Log files: bounded in size, for their owner's eyes alone, with job ids; without prompts, tokens and pixels.

Code that knows a job wraps its work in :func:`job_logging`; every line within then carries the id. What must not be
logged is not passed to a logger in the first place; :class:`SafeFormatter` is the net beneath.
"""

from __future__ import annotations

import io
import logging
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from logging.handlers import RotatingFileHandler
from pathlib import Path

from foveate_shared.errors import ErrorCode, ResourceError

FILE_NAME = "server.log"
MAX_FILE_BYTES = 4 << 20
KEPT_FILES = 4  # beside the current one
MAX_MESSAGE = 2_000  # characters; whatever is longer is data, not a sentence
LOGGERS = ("foveate_server", "foveate_shared", "uvicorn.error", "asyncio")

_job: ContextVar[str] = ContextVar("foveate_job", default="-")
_SECRETS = (
    (re.compile(r"fvt_[A-Za-z0-9_-]+"), "fvt_***"),
    (re.compile(r"(?i)(bearer\s+)[^\s'\",;]+"), r"\1***"),
    (
        re.compile(
            r"(?i)((?:token|[?&]code|secret|password|session|prompt)[\"']?\s*[=:]\s*)(\"[^\"]*\"|'[^']*'|[^\s&,;\"']+)"
        ),
        r"\1***",
    ),
)
_LEVELS = {logging.WARNING: "warning", logging.ERROR: "error", logging.CRITICAL: "error"}


@contextmanager
def job_logging(job: str) -> Iterator[None]:
    """Let all log lines of this context carry the job's id."""
    token = _job.set(job)
    try:
        yield
    finally:
        _job.reset(token)


@contextmanager
def logging_to(folder: Path, level: int = logging.INFO) -> Iterator[Path]:
    """Write the server's log lines to a file in `folder`, made where it is missing, and give the file's path.

    Raises ResourceError where the file cannot be written.
    """
    file = folder / FILE_NAME
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handler = _PrivateFileHandler(file, maxBytes=MAX_FILE_BYTES, backupCount=KEPT_FILES, encoding="utf-8")
    except OSError as error:
        raise ResourceError(
            f"The log file {file} cannot be written: {error.strerror}.",
            code=ErrorCode.STORAGE_FULL,
            remedy="Set log_dir to a folder that you may write to.",
        ) from error
    handler.setFormatter(SafeFormatter())
    loggers = [logging.getLogger(name) for name in LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(level)
    try:
        yield file
    finally:
        for logger, before in zip(loggers, levels, strict=True):
            logger.removeHandler(handler)
            logger.setLevel(before)
        handler.close()


class SafeFormatter(logging.Formatter):
    """One line per record (and a traceback below it), secrets struck out, control characters escaped."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as text."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        level = _LEVELS.get(record.levelno, record.levelname.lower())
        message = _printable(redact(record.getMessage()))
        text = f"{moment}.{int(record.msecs):03d}Z {level:7} {_printable(_job.get())} {record.name}: {message}"
        if record.exc_info:
            text += "\n" + redact(self.formatException(record.exc_info))
        return text


def redact(text: str) -> str:
    """Return `text` with everything that looks like a secret struck out."""
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


def _printable(text: str) -> str:
    """Return `text` on one line: whoever can choose a part of it must not be able to forge lines."""
    cut = text if len(text) <= MAX_MESSAGE else f"{text[:MAX_MESSAGE]}... ({len(text)} characters)"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in cut)


class _PrivateFileHandler(RotatingFileHandler):
    """A rotating file that is made for its owner alone, instead of being narrowed afterwards."""

    def _open(self) -> io.TextIOWrapper:
        handle = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return io.TextIOWrapper(io.FileIO(handle, "a"), encoding=self.encoding, errors="backslashreplace")
