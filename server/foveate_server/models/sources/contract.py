"""The Source protocol: how the files of a model are found or fetched."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from foveate_server.models.download_progress import DownloadProgress
from foveate_server.models.entry import ModelEntry
from foveate_shared.errors import ErrorCode, ResourceError
from foveate_shared.i18n.sentence import Sentence


class Source(Protocol):
    """One kind of place that models come from."""

    remote: bool  # False where fetching needs no network

    def installed(self, entry: ModelEntry) -> Path | None:
        """Return a folder that holds all files of `entry` already, outside of the cache; else None. Not verified."""

    def resolved(self, entry: ModelEntry, folder: Path, progress: DownloadProgress) -> ModelEntry:
        """Return `entry` with its files, where those are only now to be looked up; may bring some to `folder`.

        Raises as :meth:`fetch` does.
        """

    def fetch(self, entry: ModelEntry, folder: Path, progress: DownloadProgress) -> None:
        """Put all files of `entry` into `folder`, under their own names.

        `folder` may hold what an earlier attempt left there, to go on from. The caller verifies the hashes. Raises
        ResourceError where the files are not to be had, and whatever `progress` raises.
        """


def unreachable(what: str, reason: str) -> ResourceError:
    """Return the error for a source that does not answer."""
    return ResourceError(
        "{what} cannot be reached: {reason}.",
        code=ErrorCode.OFFLINE,
        remedy="Check the network connection and try again; what has arrived is kept.",
        what=Sentence(what),
        reason=Sentence(reason),
    )


def unavailable(what: str, reason: str, remedy: str) -> ResourceError:
    """Return the error for a source that answers, but has not what we want."""
    return ResourceError(
        "{what} is not available: {reason}.",
        code=ErrorCode.MODEL_UNAVAILABLE,
        remedy=remedy,
        what=Sentence(what),
        reason=Sentence(reason),
    )
