"""Progress of downloads: a bar on a terminal, one line per file elsewhere."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from foveate_server.cli.model_texts import size

if TYPE_CHECKING:
    from foveate_server.models.download_progress import DownloadProgress


class Downloads:
    """Shows several downloads; use it in a with statement."""

    def __init__(self, *, quiet: bool = False, doing: str = "Fetching") -> None:
        """`doing` begins the line that tells of each where there is no terminal."""
        console = Console(file=sys.stderr, soft_wrap=True, highlight=False)
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
        self._console = None if quiet or console.is_terminal else console
        self._progress = Progress(*columns, console=console, disable=quiet or not console.is_terminal)
        self._doing = doing
        self._tasks: dict[str, TaskID] = {}  # by name

    def __enter__(self) -> Downloads:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def named(self, name: str) -> DownloadProgress:
        """Return what a download reports its bytes and files to."""
        return _Report(self, name)

    def show(self, name: str, done: int, total: int) -> None:
        """Show that `done` of `total` bytes of `name` are there."""
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(escape(name), total=total)
            if self._console:
                self._console.print(escape(f"{self._doing} {name} ({size(total)})"))
        self._progress.update(self._tasks[name], completed=done, total=total)

    def show_file(self, name: str, number: int, count: int) -> None:
        """Show that file `number` of `count` of `name` is under way."""
        if name in self._tasks and count > 1:
            self._progress.update(self._tasks[name], description=escape(f"{name} ({number} of {count} files)"))


class _Report:
    """Implements models.download_progress.DownloadProgress and FileProgress."""

    def __init__(self, downloads: Downloads, name: str) -> None:
        self._downloads = downloads
        self._name = name

    def __call__(self, done: int, total: int) -> None:
        self._downloads.show(self._name, done, total)

    def file(self, number: int, count: int) -> None:
        self._downloads.show_file(self._name, number, count)
