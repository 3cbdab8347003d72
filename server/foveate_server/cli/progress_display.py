"""What a command says while it works and when it is done: a bar on a terminal, lines elsewhere, nothing when quiet."""

from __future__ import annotations

import json
import sys
from types import TracebackType
from typing import Any, TextIO

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from foveate_shared.jobs.job_status import ENDED, JobProgress, JobState, describe, duration


class Display:
    """Progress and remarks on stderr; results alone go to stdout. Use it in a with statement."""

    def __init__(self, *, quiet: bool = False, stream: TextIO | None = None) -> None:
        self._quiet = quiet
        self._console = Console(file=stream or sys.stderr, soft_wrap=True, highlight=False)
        self._progress: Progress | None = None
        self._task = TaskID(0)
        self._said: set[str] = set()
        self._held: tuple[str, ...] = ()
        self._last_step: tuple[str, int] = ("", 0)  # that a line was printed of

    def __enter__(self) -> Display:
        if self._console.is_terminal and not self._quiet:
            columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[detail]}"))
            self._progress = Progress(*columns, console=self._console, transient=True)
            self._task = self._progress.add_task("", total=1.0, detail="", visible=False)
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress:
            self._progress.stop()

    def say(self, text: str) -> None:
        """Print a sentence, once, unless quiet."""
        if not self._quiet and text not in self._said:
            self._said.add(text)
            self._console.print(escape(text))

    def warn(self, text: str) -> None:
        """Print what must be known, also when quiet."""
        self._console.print(escape(text))

    @property
    def can_ask(self) -> bool:
        """Tell whether somebody reads here, and can answer."""
        return self._console.is_terminal and sys.stdin is not None and sys.stdin.isatty()

    def ask(self, question: str) -> bool:
        """Return the person's answer to a question, also when quiet: no, unless it is a yes."""
        if self._progress:
            self._progress.stop()
        try:
            answer = self._console.input(escape(f"{question} [y/N] "))
        except EOFError:
            return False
        if self._progress:
            self._progress.start()
        return answer.strip().lower() in {"y", "yes"}

    def show(self, status: JobProgress) -> None:
        """Show where a job is, and its new notes."""
        self._show_notes(status)
        if status.state is JobState.FAILED:
            return  # the command itself says why, also when quiet
        if self._progress:
            self._progress.update(
                self._task,
                visible=bool(status.text),
                description=escape(status.text),
                completed=status.fraction,
                detail=_detail(status),
            )
        elif not self._quiet:
            self._print_line(status)

    def _show_notes(self, status: JobProgress) -> None:
        """Print new notes, one status late: an item's failure, if it is the job's, is told by the command itself."""
        ready = status.notes if status.state in ENDED else self._held
        self._held = status.notes
        reason = status.error.message if status.error else None
        for note in ready:
            if reason is None or not note.startswith(reason):
                self.say(note)

    def _print_line(self, status: JobProgress) -> None:
        """Print a line where a step begins."""
        step = (status.text, status.step)
        if status.text and step != self._last_step:
            self._last_step = step
            self._console.print(escape(describe(status)))


def _detail(status: JobProgress) -> str:
    parts = [f"{status.fraction:.0%}"] if status.state is JobState.RUNNING else []
    if status.steps > 1:
        parts.append(f"{status.step} of {status.steps}")
    if status.seconds_left is not None:
        parts.append(f"{duration(status.seconds_left)} left")
    return ", ".join(parts)


def print_json(value: Any) -> None:
    """Print a JSON value on stdout, one line."""
    print(json.dumps(value, ensure_ascii=False))  # noqa: T201 - a command's result


def print_line(text: str) -> None:
    """Print a line of a command's result on stdout, at once: who reads a pipe or a log may wait for it."""
    print(text, flush=True)  # noqa: T201 - a command's result
