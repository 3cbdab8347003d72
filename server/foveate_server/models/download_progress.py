"""How downloads speak: one callable, which also serves to cancel."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


class DownloadProgress(Protocol):
    """Called a few times a second while bytes arrive. To cancel, raise CancelledJobError out of it."""

    def __call__(self, done: int, total: int) -> None:
        """Report `done` of `total` bytes of the model under way."""


def silent(done: int, total: int) -> None:
    """Report nothing."""


@runtime_checkable
class FileProgress(Protocol):
    """What a DownloadProgress may also offer: to hear of each file of several."""

    def file(self, number: int, count: int) -> None:
        """Report that file `number`, from 1, of `count` begins."""


def begin_file(progress: DownloadProgress, number: int, count: int) -> None:
    """Tell `progress` that file `number`, from 1, of `count` begins, if it wants to know."""
    if isinstance(progress, FileProgress):
        progress.file(number, count)


class Shifted:
    """Reports the bytes of one file as part of all the bytes of a model."""

    def __init__(self, progress: DownloadProgress, before: int, total: int) -> None:
        """`before` bytes are there already, of `total`."""
        self._progress = progress
        self._before = before
        self._total = total

    def __call__(self, done: int, total: int) -> None:
        """See DownloadProgress; `total` is that of the one file."""
        self._progress(min(self._before + done, self._total), self._total)
